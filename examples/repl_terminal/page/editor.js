// The editor: the tabs of the open files, and the text of the active file.

import { languageOf, loadAce, makeCodeEditor } from "/code_editor.js";
import { ask } from "/dialog.js";
import { FileError } from "/files.js";
import { setEditorVisible } from "/layout.js";
import { openMenu } from "/menu.js";
import { OpenFile } from "/open_file.js";
import { folderOf, isWithin, moved, displayText } from "/paths.js";
import { sessionStore } from "/storage.js";
import { TabStrip } from "/tab_strip.js";
import { toast } from "/toasts.js";

const place = document.getElementById("code");
const problem = document.getElementById("file-problem");
const notice = document.getElementById("notice");
const save = document.getElementById("save");
const saveHint = document.querySelectorAll("#no-file :is(dt, dd):nth-of-type(2)");

export class Editor {
  #files;
  #watcher;
  #onShown;
  #open = [];
  #active = null;
  #loading = new Map();  // path → promise of the file
  #closing = new Set();
  #toRestore = { paths: sessionStore.get("files", []), active: sessionStore.get("file") };  // the files that were open before a reload
  #ace = null;
  #code = null;  // the Ace editor
  #strip = new TabStrip(document.getElementById("editor-tabs"), {
    panel: document.getElementById("editor-panel"),
    onChoose: (path, how) => this.#choose(this.#find(path), how),
    onClose: (path, how) => this.close(path, how),
    onMenu: (path, at) => this.#openMenu(path, at),
  });
  #listeners = new Set();

  // `onShown` is called when a file is shown.
  constructor(connection, files, watcher, onShown) {
    this.#files = files;
    this.#watcher = watcher;
    this.#onShown = onShown;
    save.onclick = () => this.save();
    watcher.onChanged(({ path, kind, hash }) => {
      if (kind !== "folder") this.#find(path)?.[kind === "deleted" ? "markDeleted" : "check"](hash);
    });
    connection.onState(({ name }) => { if (name === "connected") this.#onConnected(); });
    files.onReadOnly((isReadOnly) => {
      for (const one of [save, ...saveHint]) one.hidden = isReadOnly;
      this.#show();
    });
    addEventListener("beforeunload", (event) => { if (this.#open.some((file) => file.isChanged)) event.preventDefault(); });
  }

  focus() { this.#code && !place.hidden ? this.#code.focus() : this.#strip.focus(this.#active?.path); }
  get isOpen() { return this.#active !== null; }

  // Calls the callback now and at every change, with the file's status for the status line, or null.
  onChange(callback) {
    this.#listeners.add(callback);
    this.#notify();
  }

  async open(path, { takesFocus = true } = {}) {
    try {
      const file = this.#find(path) ?? await (this.#loading.get(path) ?? this.#load(path));
      if (!this.#open.includes(file)) return;  // it was closed meanwhile
      this.#choose(file, { keepsFocus: !takesFocus });
      this.#onShown();
    } catch (error) {
      toast(error.message);
    }
  }

  save() { return this.#active?.save(); }

  async close(path = this.#active?.path, { keepsFocus = false } = {}) {
    const file = this.#find(path);
    if (!file || this.#closing.has(file)) return;
    this.#closing.add(file);
    const mayClose = !file.isChanged || await this.#confirmClose(file);
    this.#closing.delete(file);
    if (!mayClose) return;
    const at = this.#open.indexOf(file);
    this.#open.splice(at, 1);
    const next = this.#active === file ? this.#open[Math.min(at, this.#open.length - 1)] : this.#active;
    this.#choose(next ?? null, { keepsFocus: true });
    if (keepsFocus && next) this.#strip.focus(next.path);
    else if (next) this.focus();
  }

  // Called before another file is moved to this path. Closes files that were open there and are deleted on disk; this
  // may ask the user. Returns false if one stays open.
  async closeDeletedAt(path) {
    const there = this.#open.filter((file) => isWithin(file.path, path));
    for (const file of there) {
      await file.check();
      if (file.disk === "deleted") await this.close(file.path);
    }
    return !there.some((file) => file.disk === "deleted" && this.#open.includes(file));
  }

  // Called after the tree has renamed or deleted a path.
  renamed(from, to) {
    for (const file of this.#open.filter(({ path }) => isWithin(path, from))) {
      file.moveTo(moved(file.path, from, to));
      file.session?.setMode(languageOf(this.#ace, file.path).mode);
    }
    this.#show();
  }
  removed(path) {
    for (const file of this.#open.filter((one) => isWithin(one.path, path))) file.markDeleted();
  }

  #find(path) { return this.#open.find((file) => file.path === path); }

  async #onConnected() {
    for (const file of this.#open) file.check();
    const { paths, active } = this.#toRestore;
    if (paths.length === 0) return;
    const outcomes = await Promise.allSettled(paths.map((path) => this.#find(path) ?? this.#load(path)));
    // A missing file is ignored. If the connection was lost, the files are restored after the next connect.
    if (outcomes.some(({ reason: error }) => error && !error.isTimeout && !(error instanceof FileError))) return;
    this.#toRestore.paths = [];
    this.#open.sort((one, other) => paths.indexOf(one.path) - paths.indexOf(other.path));
    this.#choose(this.#active ?? this.#find(active) ?? this.#open[0] ?? null, { keepsFocus: true });
  }

  #load(path) {
    const load = (async () => {
      const file = new OpenFile(this.#files, path, () => this.#show());
      this.#ace = await loadAce();
      await file.open();
      const there = this.#find(path);
      if (!there) this.#open.push(file);
      return there ?? file;
    })();
    this.#loading.set(path, load);
    return load.finally(() => this.#loading.delete(path));
  }

  #choose(file, { keepsFocus = false } = {}) {
    this.#active = file;
    setEditorVisible(file !== null);
    this.#show();
    if (!file) return;
    this.#strip.reveal(file.path);
    if (!keepsFocus && matchMedia("(pointer: fine)").matches) this.focus();  // on a touch screen the focus would open the keyboard
  }

  #makeCode() {
    this.#code = makeCodeEditor(this.#ace, place);
    this.#code.on("changeSelection", () => this.#notify());
    window.editor = this.#code;  // for tests and debugging
  }

  async #confirmClose(file) {
    const answer = await ask({
      title: `Save “${file.name}”?`,
      text: "Unsaved changes will be lost.",
      buttons: [{ label: "Do not save", value: "drop", isDanger: true }, { label: "Save", value: "save", isMain: true }],
    });
    if (answer === "save") await file.save();
    return answer === "drop" || (answer === "save" && !file.isChanged);
  }

  #openMenu(path, at) {
    const file = this.#find(path);
    openMenu("File", [
      { label: "Save", keys: "Ctrl+S", isOff: !file.isChanged, run: () => file.save() },
      { label: "Reload from disk", isOff: !file.session, run: () => file.reload() },
      null,
      { label: "Close", keys: "Delete", run: () => this.close(path) },
      { label: "Close the others", isOff: this.#open.length < 2, run: () => this.#closeOthers(file) },
    ], at);
  }

  async #closeOthers(file) {
    this.#choose(file);
    for (const other of this.#open.filter((one) => one !== file)) await this.close(other.path);
  }

  #show() {
    const names = this.#open.map((file) => file.name);
    this.#strip.show(this.#open.map((file) => ({
      key: file.path,
      label: file.name,
      title: displayText(file.path),
      note: names.indexOf(file.name) === names.lastIndexOf(file.name) ? "" : displayText(folderOf(file.path)),
      mark: file.disk === "deleted" ? "deleted" : file.isChanged ? "unsaved" : "",
    })), this.#active?.path);
    const file = this.#active;
    if (file?.session) {
      if (!this.#code) this.#makeCode();
      if (this.#code.session !== file.session) this.#code.setSession(file.session);
      this.#code.setReadOnly(file.isReadOnly || this.#files.isReadOnly);
    }
    document.getElementById("no-file").hidden = file !== null;
    document.getElementById("file").hidden = file === null;
    place.hidden = !file?.session;
    problem.hidden = !file?.problem;
    problem.textContent = displayText(file?.problem ?? "");
    save.disabled = !file?.isChanged || file.isSaving;
    save.textContent = file?.isSaving ? "Saving…" : "Save";
    this.#showNotice(file);
    this.#watcher.watch("files", this.#open.map(({ path }) => path).reverse());
    if (this.#toRestore.paths.length === 0) {
      sessionStore.set("files", this.#open.map(({ path }) => path));
      sessionStore.set("file", file?.path ?? null);
    }
    this.#notify();
  }

  #showNotice(file) {
    const kind = file?.session ? file.disk : "same";
    if (notice.dataset.kind === kind && notice.dataset.path === (file?.path ?? "")) return;
    Object.assign(notice.dataset, { kind, path: file?.path ?? "" });
    notice.hidden = kind === "same";
    notice.replaceChildren();
    if (notice.hidden) return;
    const text = document.createElement("span");
    const button = (label, run) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "action";
      made.textContent = label;
      made.onclick = async () => { await run(); this.focus(); };
      return made;
    };
    if (kind === "changed") {
      text.textContent = `“${file.name}” was changed on disk, and has unsaved changes here.`;
      notice.append(text, button("Reload", () => file.reload()), button("Keep mine", () => file.keepMine()));
    } else {
      text.textContent = `“${file.name}” was deleted on disk.`;
      notice.append(text, button("Write it again", () => file.save()), button("Close", () => this.close(file.path)));
      notice.children[1].hidden = this.#files.isReadOnly;
    }
  }

  #notify() {
    const file = this.#active;
    const at = file?.session?.selection.getCursor();
    const status = !file ? null : {
      path: file.path,
      position: at ? `Line ${at.row + 1}, column ${at.column + 1}` : "",
      language: file.session ? languageOf(this.#ace, file.path).caption : "",
      lineEnd: file.session?.doc.getNewLineCharacter() === "\r\n" ? "CRLF" : "",
      news: file.isReadOnly ? "mixed line endings: read-only" : file.news,
    };
    for (const listener of this.#listeners) listener(status);
  }
}
