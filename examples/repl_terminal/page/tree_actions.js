// What can be done with files, from the tree's menu, its keys and its buttons.

import { copyText } from "/clipboard.js";
import { ask } from "/dialog.js";
import { openMenu } from "/menu.js";
import { folderOf, freeName, isWithin, join, nameOf, shown } from "/paths.js";
import { toast } from "/toasts.js";

export class TreeActions {
  #files;
  #tree;
  #editor;
  #held = null;  // { path, isCut }, what is pasted

  constructor(files, tree, editor) {
    this.#files = files;
    this.#tree = tree;
    this.#editor = editor;
    tree.onMenu = (path, place) => this.#openMenu(path, place);
    const keys = {
      F2: (path) => this.rename(path),
      Delete: (path) => this.remove(path),
      "Ctrl+c": (path) => this.#hold(path, false),
      "Ctrl+x": (path) => this.#hold(path, true),
      "Ctrl+v": (path) => this.paste(path),
      Escape: () => this.#hold(null),
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
    await this.#do(async () => {
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
    await this.#do(() => this.#move(path, to), folderOf(path));
  }

  async remove(path) {
    if (path === "") return;
    const isFolder = this.#tree.isFolder(path);
    const answer = await ask({
      title: `Delete “${shown(nameOf(path))}”?`,
      text: isFolder ? "The folder and all that is in it will be gone for good." : "The file will be gone for good.",
      buttons: [{ label: "Delete", value: true, isDanger: true }],
    });
    if (!answer) return;
    await this.#do(async () => {
      await this.#files.remove(path);
      this.#editor.removed(path);
    }, folderOf(path));
  }

  async paste(path) {
    if (!this.#held) return;
    const { path: from, isCut } = this.#held;
    const folder = this.#folderFor(path);
    if (isCut && folderOf(from) === folder) return this.#hold(null);
    if (isWithin(folder, from)) return toast(`“${shown(nameOf(from))}” cannot be put into itself.`);
    await this.#do(async () => {
      const taken = (await this.#files.list(folder)).map(({ name }) => name);
      if (isCut) {
        if (!await this.#move(from, join(folder, nameOf(from)))) return;
        this.#hold(null);
        this.#tree.read(folderOf(from));
      } else {
        const to = join(folder, freeName(nameOf(from), taken));
        await this.#files.copy(from, to);
        this.#tree.reveal(to);
      }
    }, folder);
  }

  // False where the one who was asked would not.
  async #move(from, to) {
    if (!await this.#editor.makeWay(to)) return false;
    await this.#files.rename(from, to);
    this.#tree.renamed(from, to);
    this.#editor.renamed(from, to);
    this.#tree.reveal(to);
    return true;
  }

  #hold(path, isCut = false) {
    this.#held = path === null || path === "" ? null : { path, isCut };
    this.#tree.markCut(isCut ? path : null);
  }

  // Then the folder is read again, also where the server watches nothing.
  async #do(act, folder) {
    try {
      await act();
    } catch (error) {
      toast(error.message);
    }
    if (folder === "") this.#tree.refresh();
    else this.#tree.expand(folder);
  }

  #folderFor(path) { return this.#tree.isFolder(path) ? path : folderOf(path); }

  #openMenu(path, place) {
    const isRoot = path === "";
    const name = shown(nameOf(path));
    const open = isRoot || this.#tree.isFolder(path) ? [] : [{ label: "Open", keys: "Enter", run: () => this.#editor.open(path) }, null];
    const copyPath = { label: "Copy the path", isOff: isRoot, run: () => copyText(path, "The path") };
    openMenu(isRoot ? "Workspace" : name, this.#files.isReadOnly ? [...open, copyPath] : [
      ...open,
      { label: "New file", run: () => this.create(path, false) },
      { label: "New folder", run: () => this.create(path, true) },
      null,
      { label: "Cut", keys: "Ctrl+X", isOff: isRoot, run: () => this.#hold(path, true) },
      { label: "Copy", keys: "Ctrl+C", isOff: isRoot, run: () => this.#hold(path, false) },
      { label: this.#held ? `Paste “${shown(nameOf(this.#held.path))}”` : "Paste", keys: "Ctrl+V", isOff: !this.#held, run: () => this.paste(path) },
      copyPath,
      null,
      { label: "Rename", keys: "F2", isOff: isRoot, run: () => this.rename(path) },
      { label: "Delete", keys: "Delete", isOff: isRoot, run: () => this.remove(path) },
    ], place);
  }
}

function isName(name) {
  const isGood = !name.includes("/") && name !== "." && name !== "..";
  if (!isGood) toast(`“${name}” cannot be a name.`);
  return isGood;
}
