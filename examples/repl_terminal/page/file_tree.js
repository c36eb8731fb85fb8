// The workspace as a tree (WAI-ARIA's pattern): folders are read when they are opened.

import { toast } from "/toasts.js";

export class FileTree {
  #root = document.getElementById("tree");
  #note = document.getElementById("tree-note");
  #connection;
  #onOpen;
  #typed = "";
  #typedAt = 0;

  // `onOpen` gets the path of a file that was chosen.
  constructor(connection, onOpen) {
    this.#connection = connection;
    this.#onOpen = onOpen;
    this.#root.addEventListener("click", (event) => this.#clicked(event));
    this.#root.addEventListener("keydown", (event) => this.#pressed(event));
    document.getElementById("refresh").onclick = () => this.refresh();
    connection.onState((state) => { if (state.name === "connected") this.refresh(); });
    connection.on("Loaded", ({ rootContents }) => this.#show("", rootContents));
    connection.on("fetchDirResponse", ({ path, contents, error }) => {
      if (error) toast(error);
      else this.#show(path, contents);
    });
    connection.on("error", ({ message }) => toast(message));
  }

  // Reads the root again, and with it every folder that is open.
  refresh() {
    this.#connection.emit("Connection");
  }

  #show(path, entries) {
    const place = path === "" ? this.#root : this.#find(path);
    if (!place) return;
    const group = path === "" ? this.#root : place.querySelector("[role=group]");
    const open = new Set(this.#items(group).filter(isOpen).map((item) => item.dataset.path));
    const focused = group.contains(document.activeElement) ? document.activeElement.dataset.path : null;
    const depth = path === "" ? 0 : Number(place.dataset.depth) + 1;

    group.replaceChildren(...entries.map((entry) => this.#makeItem(path, entry, depth)));
    if (path === "") {
      this.#note.hidden = entries.length > 0;
      this.#note.textContent = "The workspace is empty.";
    } else if (entries.length === 0) {
      group.append(emptyNote(depth));
    }
    for (const item of this.#items(group)) if (open.has(item.dataset.path)) this.#expand(item);
    if (focused) this.#focus(this.#find(focused) ?? this.#visible()[0]);
    else if (!this.#root.querySelector("[tabindex='0']")) this.#visible()[0]?.setAttribute("tabindex", "0");
  }

  #makeItem(folder, { name, isDir }, depth) {
    const item = document.createElement("div");
    const row = document.createElement("span");
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", depth + 1);
    item.setAttribute("aria-selected", "false");
    item.tabIndex = -1;
    item.dataset.path = folder === "" ? name : `${folder}/${name}`;
    item.dataset.depth = depth;
    item.style.setProperty("--depth", depth);
    row.className = "row";
    row.textContent = name;
    row.title = name;
    item.append(row);
    if (isDir) {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.hidden = true;
      item.setAttribute("aria-expanded", "false");
      item.append(group);
    }
    return item;
  }

  #items(group) { return [...group.querySelectorAll("[role=treeitem]")]; }
  #find(path) { return this.#items(this.#root).find((item) => item.dataset.path === path); }
  #visible() { return this.#items(this.#root).filter((item) => !item.parentElement.closest("[role=group][hidden]")); }

  #expand(item) {
    item.setAttribute("aria-expanded", "true");
    item.querySelector("[role=group]").hidden = false;
    this.#connection.emit("fetchDir", { Dir: item.dataset.path });
  }

  #collapse(item) {
    item.setAttribute("aria-expanded", "false");
    item.querySelector("[role=group]").hidden = true;
  }

  #activate(item) {
    if (isOpen(item)) this.#collapse(item);
    else if (isFolder(item)) this.#expand(item);
    else this.#open(item);
  }

  #open(item) {
    for (const other of this.#root.querySelectorAll("[aria-selected=true]")) other.setAttribute("aria-selected", "false");
    item.setAttribute("aria-selected", "true");
    this.#onOpen(item.dataset.path);
  }

  #focus(item) {
    if (!item) return;
    for (const other of this.#root.querySelectorAll("[tabindex='0']")) other.tabIndex = -1;
    item.tabIndex = 0;
    item.focus();
  }

  #clicked(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item) return;
    this.#focus(item);
    this.#activate(item);
  }

  #pressed(event) {
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.ctrlKey || event.altKey || event.metaKey) return;
    const visible = this.#visible();
    const at = visible.indexOf(item);
    const act = {
      ArrowDown: () => this.#focus(visible[at + 1]),
      ArrowUp: () => this.#focus(visible[at - 1]),
      Home: () => this.#focus(visible[0]),
      End: () => this.#focus(visible.at(-1)),
      ArrowRight: () => isFolder(item) && (isOpen(item) ? this.#focus(item.querySelector("[role=treeitem]")) : this.#expand(item)),
      ArrowLeft: () => isOpen(item) ? this.#collapse(item) : this.#focus(item.parentElement.closest("[role=treeitem]")),
      Enter: () => this.#activate(item),
      " ": () => this.#activate(item),
    }[event.key];
    if (act) act();
    else if (event.key.length === 1) this.#typeAhead(event.key, visible, at);
    else return;
    event.preventDefault();
  }

  // To the next name that begins with what was typed within a second.
  #typeAhead(key, visible, at) {
    if (Date.now() - this.#typedAt > 1000) this.#typed = "";
    this.#typed += key.toLowerCase();
    this.#typedAt = Date.now();
    const from = this.#typed.length > 1 ? at : at + 1;
    const order = [...visible.slice(from), ...visible.slice(0, from)];
    this.#focus(order.find((item) => item.firstChild.textContent.toLowerCase().startsWith(this.#typed)));
  }
}

function isFolder(item) { return item.hasAttribute("aria-expanded"); }
function isOpen(item) { return item.getAttribute("aria-expanded") === "true"; }

function emptyNote(depth) {
  const note = document.createElement("span");
  note.className = "row muted";
  note.style.setProperty("--depth", depth);
  note.textContent = "empty";
  return note;
}
