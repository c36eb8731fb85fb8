// The workspace as a tree (WAI-ARIA tree view pattern). A folder is read when it is expanded.

import { FileError } from "/files.js";
import { icon } from "/icons.js";
import { makeNameInput, makeNewItem, typeName } from "/name_input.js";
import { isWithin, join, moved, nameOf, displayText, stemOf } from "/paths.js";
import { sessionStore } from "/storage.js";
import { toast } from "/toasts.js";

export class FileTree {
  #root = document.getElementById("tree");
  #note = document.getElementById("tree-note");
  #files;
  #watcher;
  #open = new Set(sessionStore.get("folders", []));
  #typed = "";
  #typedAt = 0;
  #shown = null;
  #wanted = null;  // the path that gets the focus as soon as it is shown
  #missed = new Set();  // folders that were read while a name was edited in them

  onOpen = () => {};  // called with the path of the chosen file
  onMenu = () => {};  // called with the item's path ("" for none) and a position
  keys = {};  // additional key handlers, called with the path

  constructor(connection, files, watcher) {
    this.#files = files;
    this.#watcher = watcher;
    this.#root.addEventListener("click", (event) => this.#clicked(event));
    this.#root.addEventListener("keydown", (event) => this.#pressed(event));
    this.#root.parentElement.addEventListener("contextmenu", (event) => this.#asked(event));
    connection.onState(({ name }) => { if (name === "connected") this.refresh(); });
    watcher.onChanged(({ path, kind }) => { if (kind === "folder") this.read(path); });
  }

  // The path of the item in the tab order, or null.
  get focused() { return this.#root.querySelector("[tabindex='0']")?.dataset.path ?? null; }
  isFolder(path) { return path === "" || Boolean(this.#find(path)?.hasAttribute("aria-expanded")); }
  focus(path = this.focused) { this.#focus(this.#find(path) ?? this.#visible()[0]); }
  element(path) { return this.#find(path); }

  // Reads the root again, and every expanded folder.
  refresh() { return this.read(""); }

  async read(folder) {
    try {
      this.#show(folder, await this.#files.list(folder));
    } catch (error) {
      // The folder was deleted. The parent folder is reported as changed too.
      if (folder !== "" && error instanceof FileError && this.#open.delete(folder)) return this.#opened();
      toast(error.message);
    }
  }

  // Expands and reads a folder.
  async expand(folder) {
    const item = this.#find(folder);
    if (item) {
      item.setAttribute("aria-expanded", "true");
      item.querySelector("[role=group]").hidden = false;
      this.#open.add(folder);
      this.#opened();
    }
    await this.read(folder);
  }

  // Shows an input for a name, in place of an item or as a new item in a folder. Resolves with the name, or null.
  async editName(path, name, { isNew = false } = {}) {
    const before = this.focused;
    if (isNew && path !== "") await this.expand(path);
    const item = this.#find(path);
    if (!item && path !== "") return null;  // it was deleted meanwhile
    const input = makeNameInput(name, isNew ? "Name of the new item" : `New name of ${displayText(name)}`);
    const row = isNew ? makeNewItem(item ? Number(item.dataset.depth) + 1 : 0) : rowOf(item);
    if (isNew) {
      row.append(input);
      (item?.querySelector("[role=group]") ?? this.#root).prepend(row);
    } else {
      row.replaceWith(input);
    }
    const { typed, isLeft } = await typeName(input, this.isFolder(path) ? name.length : stemOf(name).length);
    isNew ? row.remove() : input.replaceWith(row);
    if (!isLeft) this.focus(before);
    const missed = [...this.#missed];
    this.#missed.clear();
    for (const folder of missed) this.read(folder);
    return typed;
  }

  // Focuses the path as soon as it is shown.
  reveal(path) {
    this.#wanted = path;
    const item = this.#find(path);
    if (item) this.#focusWanted();
  }

  // Marks the file that the editor shows.
  markShown(path) {
    this.#shown = path;
    for (const item of this.#items(this.#root)) item.setAttribute("aria-current", item.dataset.path === path);
  }

  renamed(from, to) {
    this.#open = new Set([...this.#open].map((path) => moved(path, from, to)));
    this.#opened();
  }

  // Marks the item that is cut.
  markCut(path) {
    for (const item of this.#items(this.#root)) item.classList.toggle("cut", path !== null && item.dataset.path === path);
  }

  #opened() {
    sessionStore.set("folders", [...this.#open]);
    this.#watcher.watch("folders", ["", ...[...this.#open].reverse()]);  // the latest first
  }

  #show(path, entries) {
    const place = path === "" ? this.#root : this.#find(path);
    if (!place) return;
    const group = path === "" ? this.#root : place.querySelector("[role=group]");
    if (group.querySelector(".name-input")) return void this.#missed.add(path);
    const focused = group.contains(document.activeElement) ? document.activeElement.dataset.path : null;
    const at = this.#visible().findIndex((item) => item.dataset.path === focused);
    const stop = this.focused;
    const depth = path === "" ? 0 : Number(place.dataset.depth) + 1;
    const before = new Map([...group.children].map((item) => [item.dataset.path, item]));

    group.replaceChildren(...entries.map((entry) => {
      const item = before.get(join(path, entry.name));
      return item && item.hasAttribute("aria-expanded") === entry.isDir ? item : this.#makeItem(path, entry, depth);
    }));
    if (path === "") {
      this.#note.hidden = entries.length > 0;
      this.#note.textContent = "The workspace is empty.";
      this.#opened();
    } else if (entries.length === 0) {
      group.append(emptyNote(depth));
    }
    for (const item of group.children) if (this.#open.has(item.dataset.path)) this.expand(item.dataset.path);
    // If the focused item was deleted, the next item gets the focus.
    if (focused !== null) this.#focus(this.#find(focused) ?? this.#visible()[at] ?? this.#visible().at(-1));
    else if (!this.#find(stop) || !this.#root.querySelector("[tabindex='0']")) this.#visible()[0]?.setAttribute("tabindex", "0");
    this.#focusWanted();
  }

  #focusWanted() {
    const item = this.#wanted === null ? null : this.#find(this.#wanted);
    if (!item) return;
    this.#wanted = null;
    this.#focus(item);
  }

  #makeRow(name) {
    const row = document.createElement("span");
    row.className = "row";
    row.textContent = displayText(name);
    row.title = displayText(name);
    return row;
  }

  #makeItem(folder, { name, isDir, isLink }, depth) {
    const item = document.createElement("div");
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", depth + 1);
    item.setAttribute("aria-selected", "false");
    item.setAttribute("aria-label", isLink ? `${displayText(name)}, a link` : displayText(name));
    item.tabIndex = -1;
    item.dataset.path = join(folder, name);
    item.setAttribute("aria-current", item.dataset.path === this.#shown);
    item.dataset.depth = depth;
    item.style.setProperty("--depth", depth);
    item.append(this.#makeRow(name));
    if (isLink) item.classList.add("link");
    if (isDir) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.hidden = true;
      item.setAttribute("aria-expanded", "false");
      item.prepend(icon("chevron"));
      item.append(group);
    }
    return item;
  }

  #items(group) { return [...group.querySelectorAll("[role=treeitem][data-path]")]; }
  #find(path) { return this.#items(this.#root).find((item) => item.dataset.path === path); }
  #visible() { return this.#items(this.#root).filter((item) => !item.parentElement.closest("[role=group][hidden]")); }

  #collapse(item) {
    item.setAttribute("aria-expanded", "false");
    item.querySelector("[role=group]").hidden = true;
    for (const path of this.#open) if (isWithin(path, item.dataset.path)) this.#open.delete(path);
    this.#opened();
  }

  #activate(item) {
    if (isOpen(item)) this.#collapse(item);
    else if (isFolder(item)) this.expand(item.dataset.path);
    else this.onOpen(item.dataset.path);
  }

  #focus(item) {
    if (!item) return;
    for (const other of this.#root.querySelectorAll("[tabindex='0'], [aria-selected=true]")) {
      other.tabIndex = -1;
      other.setAttribute("aria-selected", "false");
    }
    item.tabIndex = 0;
    item.setAttribute("aria-selected", "true");
    item.focus({ preventScroll: true });
    rowOf(item)?.scrollIntoView({ block: "nearest" });
  }

  #clicked(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    this.#focus(item);
    this.#activate(item);
  }

  // Opens the menu at the pointer, or at the item if the keyboard was used.
  #asked(event) {
    if (event.target.matches("input")) return;
    event.preventDefault();
    const item = event.target.closest("[role=treeitem]");
    if (item) this.#focus(item);
    const box = (item ? rowOf(item) : this.#root).getBoundingClientRect();
    const isMouse = event.button === 2 || event.pointerType === "touch";
    this.onMenu(item?.dataset.path ?? "", isMouse ? { x: event.clientX, y: event.clientY } : { x: box.left + 24, y: box.bottom });
  }

  #pressed(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.altKey) return;
    const more = this.keys[`${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.key}`];
    const visible = this.#visible();
    const at = visible.indexOf(item);
    const act = more ? () => more(item.dataset.path) : event.ctrlKey || event.metaKey ? null : {
      ArrowDown: () => this.#focus(visible[at + 1]),
      ArrowUp: () => this.#focus(visible[at - 1]),
      Home: () => this.#focus(visible[0]),
      End: () => this.#focus(visible.at(-1)),
      ArrowRight: () => isFolder(item) && (isOpen(item) ? this.#focus(item.querySelector("[role=treeitem]")) : this.expand(item.dataset.path)),
      ArrowLeft: () => (isOpen(item) ? this.#collapse(item) : this.#focus(item.parentElement.closest("[role=treeitem]"))),
      Enter: () => this.#activate(item),
      " ": () => this.#activate(item),
    }[event.key];
    if (act) act();
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) this.#typeAhead(event.key, visible, at);
    else return;
    event.preventDefault();
  }

  // Focuses the next item whose name starts with the keys that were typed within one second.
  #typeAhead(key, visible, at) {
    if (Date.now() - this.#typedAt > 1000) this.#typed = "";
    this.#typed += key.toLowerCase();
    this.#typedAt = Date.now();
    const from = this.#typed.length > 1 ? at : at + 1;
    const order = [...visible.slice(from), ...visible.slice(0, from)];
    this.#focus(order.find((item) => nameOf(item.dataset.path).toLowerCase().startsWith(this.#typed)));
  }
}

function isFolder(item) { return item.hasAttribute("aria-expanded"); }
function rowOf(item) { return item.querySelector(":scope > .row"); }
function isOpen(item) { return item.getAttribute("aria-expanded") === "true"; }

function emptyNote(depth) {
  const note = document.createElement("span");
  note.className = "row muted";
  note.style.setProperty("--depth", depth);
  note.textContent = "empty";
  return note;
}
