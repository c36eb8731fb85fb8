// The file operations of the tree's menu, keys and buttons.

import { copyText } from "/clipboard.js";
import { ask } from "/dialog.js";
import { openMenu } from "/menu.js";
import { folderOf, freeName, isWithin, join, nameOf, displayText } from "/paths.js";
import { toast } from "/toasts.js";

export class TreeActions {
  #files;
  #tree;
  #editor;
  #clipboard = null;  // { path, isCut } for the next paste

  constructor(files, tree, editor) {
    this.#files = files;
    this.#tree = tree;
    this.#editor = editor;
    tree.onMenu = (path, place) => this.#openMenu(path, place);
    const keys = {
      F2: (path) => this.rename(path),
      Delete: (path) => this.remove(path),
      "Ctrl+c": (path) => this.#setClipboard(path, false),
      "Ctrl+x": (path) => this.#setClipboard(path, true),
      "Ctrl+v": (path) => this.paste(path),
      Escape: () => this.#setClipboard(null),
    };
    files.onReadOnly((isReadOnly) => {
      tree.keys = isReadOnly ? {} : keys;
      for (const name of ["new-file", "new-folder"]) document.getElementById(name).hidden = isReadOnly;
    });
    const menu = document.getElementById("files-menu");
    menu.onclick = () => this.#openMenu(tree.focused ?? "", menu);
    document.getElementById("new-file").onclick = () => this.create(tree.focused ?? "", false);
    document.getElementById("new-folder").onclick = () => this.create(tree.focused ?? "", true);
    document.getElementById("refresh").onclick = () => tree.refresh();
  }

  async create(path, isFolder) {
    const folder = this.#folderFor(path);
    const name = await this.#tree.editName(folder, "", { isNew: true });
    if (!name || !isName(name)) return;
    const made = join(folder, name);
    await this.#run(async () => {
      await (isFolder ? this.#files.createFolder(made) : this.#files.createFile(made));
      this.#tree.reveal(made);
      if (!isFolder) this.#editor.open(made);
    }, folder);
  }

  async rename(path) {
    if (path === "") return;
    const name = await this.#tree.editName(path, nameOf(path));
    if (!name || name === nameOf(path) || !isName(name)) return;
    const to = join(folderOf(path), name);
    await this.#run(() => this.#move(path, to), folderOf(path));
  }

  async remove(path) {
    if (path === "") return;
    const isFolder = this.#tree.isFolder(path);
    const answer = await ask({
      title: `Delete “${displayText(nameOf(path))}”?`,
      text: isFolder ? "The folder and its contents will be permanently deleted." : "The file will be permanently deleted.",
      buttons: [{ label: "Delete", value: true, isDanger: true }],
    });
    if (!answer) return;
    await this.#run(async () => {
      await this.#files.remove(path);
      this.#editor.removed(path);
    }, folderOf(path));
  }

  async paste(path) {
    if (!this.#clipboard) return;
    const { path: from, isCut } = this.#clipboard;
    const folder = this.#folderFor(path);
    if (isCut && folderOf(from) === folder) return this.#setClipboard(null);
    if (isWithin(folder, from)) return toast(`“${displayText(nameOf(from))}” cannot be moved or copied into itself.`);
    await this.#run(async () => {
      const taken = (await this.#files.list(folder)).map(({ name }) => name);
      if (isCut) {
        if (!await this.#move(from, join(folder, nameOf(from)))) return;
        this.#setClipboard(null);
        this.#tree.read(folderOf(from));
      } else {
        const to = join(folder, freeName(nameOf(from), taken));
        await this.#files.copy(from, to);
        this.#tree.reveal(to);
      }
    }, folder);
  }

  // Returns false if the user has cancelled.
  async #move(from, to) {
    if (!await this.#editor.closeDeletedAt(to)) return false;
    await this.#files.rename(from, to);
    this.#tree.renamed(from, to);
    this.#editor.renamed(from, to);
    this.#tree.reveal(to);
    return true;
  }

  #setClipboard(path, isCut = false) {
    this.#clipboard = path === null || path === "" ? null : { path, isCut };
    this.#tree.markCut(isCut ? path : null);
  }

  // Runs an operation, and then reads the folder again, in case the server cannot watch it.
  async #run(action, folder) {
    try {
      await action();
    } catch (error) {
      toast(error.message);
    }
    if (folder === "") this.#tree.refresh();
    else this.#tree.expand(folder);
  }

  #folderFor(path) { return this.#tree.isFolder(path) ? path : folderOf(path); }

  #openMenu(path, place) {
    const isRoot = path === "";
    const name = displayText(nameOf(path));
    const open = isRoot || this.#tree.isFolder(path) ? [] : [{ label: "Open", keys: "Enter", run: () => this.#editor.open(path) }, null];
    const copyPath = { label: "Copy the path", isOff: isRoot, run: () => copyText(path, "The path") };
    openMenu(isRoot ? "Workspace" : name, this.#files.isReadOnly ? [...open, copyPath] : [
      ...open,
      { label: "New file", run: () => this.create(path, false) },
      { label: "New folder", run: () => this.create(path, true) },
      null,
      { label: "Cut", keys: "Ctrl+X", isOff: isRoot, run: () => this.#setClipboard(path, true) },
      { label: "Copy", keys: "Ctrl+C", isOff: isRoot, run: () => this.#setClipboard(path, false) },
      { label: this.#clipboard ? `Paste “${displayText(nameOf(this.#clipboard.path))}”` : "Paste", keys: "Ctrl+V", isOff: !this.#clipboard, run: () => this.paste(path) },
      copyPath,
      null,
      { label: "Rename", keys: "F2", isOff: isRoot, run: () => this.rename(path) },
      { label: "Delete", keys: "Delete", isOff: isRoot, run: () => this.remove(path) },
    ], place);
  }
}

function isName(name) {
  const isGood = !name.includes("/") && name !== "." && name !== "..";
  if (!isGood) toast(`“${name}” is not a valid name.`);
  return isGood;
}
