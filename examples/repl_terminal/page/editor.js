// The open files: tabs, and the text of the one that is looked at.

import { languageOf, loadAce, makeCodeEditor } from "/code_editor.js";
import { ask } from "/dialog.js";
import { FileError } from "/files.js";
import { makeRoomForFiles } from "/layout.js";
import { openMenu } from "/menu.js";
import { OpenFile } from "/open_file.js";
import { folderOf, isWithin, moved, shown } from "/paths.js";
import { ofWindow } from "/storage.js";
import { TabStrip } from "/tab_strip.js";
import { toast } from "/toasts.js";

const place = document.getElementById("code");
const problem = document.getElementById("file-problem");
const notice = document.getElementById("notice");
const save = document.getElementById("save");

export class Editor {
  #files;
  #watcher;
  #onShown;
  #open = [];
  #active = null;
  #coming = new Map();  // path → the promise of its file
  #before = { paths: ofWindow.get("files", []), active: ofWindow.get("file") };  // what was open before a reload
  #ace = null;
  #code = null;         // Ace's editor
  #strip = new TabStrip(document.getElementById("editor-tabs"), {
    panel: document.getElementById("editor-panel"),
    onChoose: (path, how) => this.#choose(this.#find(path), how),
    onClose: (path, how) => this.close(path, how),
    onMenu: (path, at) => this.#openMenu(path, at),
  });
  #watchers = new Set();

  // `onShown` is called when a file is to be looked at.
  constructor(connection, files, watcher, onShown) {
    this.#files = files;
    this.#watcher = watcher;
    this.#onShown = onShown;
    save.onclick = () => this.save();
    watcher.onChanged(({ path, kind, hash }) => {
      if (kind !== "folder") this.#find(path)?.[kind === "deleted" ? "markDeleted" : "check"](hash);
    });
    connection.onState(({ name }) => { if (name === "connected") this.#connected(); });
    files.onReadOnly((isReadOnly) => { save.hidden = isReadOnly; this.#show(); });
    addEventListener("beforeunload", (event) => { if (this.#open.some((file) => file.isChanged)) event.preventDefault(); });
  }

  focus() { this.#code && !place.hidden ? this.#code.focus() : this.#strip.focus(this.#active?.path); }
  get isOpen() { return this.#active !== null; }

  // At once and at every change; gets what the status line tells, or null.
  onChange(callback) {
    this.#watchers.add(callback);
    this.#tell();
  }

  async open(path, { takesFocus = true } = {}) {
    if (!this.#find(path)) {
      try {
        await (this.#coming.get(path) ?? this.#load(path));
      } catch (error) {
        return toast(error.message);
      }
    }
    this.#choose(this.#find(path), { keepsFocus: !takesFocus });
    this.#onShown();
  }

  save() { return this.#active?.save(); }

  async close(path = this.#active?.path, { keepsFocus = false } = {}) {
    const file = this.#find(path);
    if (!file || (file.isChanged && !await this.#mayClose(file))) return;
    const at = this.#open.indexOf(file);
    this.#open.splice(at, 1);
    const next = this.#active === file ? this.#open[Math.min(at, this.#open.length - 1)] : this.#active;
    this.#choose(next ?? null, { keepsFocus: true });
    if (keepsFocus && next) this.#strip.focus(next.path);
    else if (next) this.focus();
  }

  // Before another takes this path: what was deleted there is closed, which may ask. False where it stays.
  async makeWay(path) {
    const there = this.#open.filter((file) => isWithin(file.path, path));
    for (const file of there) {
      await file.check();
      if (file.disk === "deleted") await this.close(file.path);
    }
    return !there.some((file) => file.disk === "deleted" && this.#open.includes(file));
  }

  // What the tree did.
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

  async #connected() {
    for (const file of this.#open) file.check();
    const { paths, active } = this.#before;
    if (paths.length === 0) return;
    const outcomes = await Promise.allSettled(paths.map((path) => this.#find(path) ?? this.#load(path)));
    // Files may be gone; but where the connection is, they come with the next one.
    if (outcomes.some(({ reason: error }) => error && !error.isLate && !(error instanceof FileError))) return;
    this.#before.paths = [];
    this.#open.sort((one, other) => paths.indexOf(one.path) - paths.indexOf(other.path));
    this.#choose(this.#active ?? this.#find(active) ?? this.#open[0] ?? null, { keepsFocus: true });
  }

  #load(path) {
    const load = (async () => {
      const file = new OpenFile(this.#files, path, () => this.#show());
      this.#ace = await loadAce();
      await file.open();
      if (!this.#find(path)) this.#open.push(file);
    })();
    this.#coming.set(path, load);
    return load.finally(() => this.#coming.delete(path));
  }

  #choose(file, { keepsFocus = false } = {}) {
    this.#active = file;
    makeRoomForFiles(file !== null);
    this.#show();
    if (!file) return;
    this.#strip.reveal(file.path);
    if (!keepsFocus && matchMedia("(pointer: fine)").matches) this.focus();  // elsewhere a keyboard would rise
  }

  #makeCode() {
    this.#code = makeCodeEditor(this.#ace, place);
    this.#code.on("changeSelection", () => this.#tell());
    window.editor = this.#code;  // for tests and the curious
  }

  async #mayClose(file) {
    const answer = await ask({
      title: `Save “${file.name}”?`,
      text: "What you changed is lost where it is not saved.",
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
      title: shown(file.path),
      note: names.indexOf(file.name) === names.lastIndexOf(file.name) ? "" : shown(folderOf(file.path)),
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
    problem.textContent = shown(file?.problem ?? "");
    save.disabled = !file?.isChanged || file.isSaving;
    save.textContent = file?.isSaving ? "Saving…" : "Save";
    this.#showNotice(file);
    this.#watcher.watch("files", this.#open.map(({ path }) => path));
    if (this.#before.paths.length === 0) {
      ofWindow.set("files", this.#open.map(({ path }) => path));
      ofWindow.set("file", file?.path ?? null);
    }
    this.#tell();
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
      text.textContent = `“${file.name}” changed on disk, and you changed it here.`;
      notice.append(text, button("Reload", () => file.reload()), button("Keep mine", () => file.keepMine()));
    } else {
      text.textContent = `“${file.name}” was deleted on disk.`;
      notice.append(text, button("Write it again", () => file.save()), button("Close", () => this.close(file.path)));
      notice.children[1].hidden = this.#files.isReadOnly;
    }
  }

  #tell() {
    const file = this.#active;
    const at = file?.session?.selection.getCursor();
    const told = !file ? null : {
      path: file.path,
      position: at ? `Line ${at.row + 1}, column ${at.column + 1}` : "",
      language: file.session ? languageOf(this.#ace, file.path).caption : "",
      lineEnd: file.session?.doc.getNewLineCharacter() === "\r\n" ? "CRLF" : "",
      news: file.isReadOnly ? "mixed line ends: to read only" : file.news,
    };
    for (const watcher of this.#watchers) watcher(told);
  }
}
