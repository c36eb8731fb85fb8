// One file that is open: its text here, and what is known of it on the disk.

import { loadAce, makeSession } from "/code_editor.js";
import { FileError } from "/files.js";
import { makePatch } from "/patches.js";
import { nameOf, shown } from "/paths.js";
import { toast } from "/toasts.js";

export class OpenFile {
  path;
  session = null;   // Ace's; null where it cannot be shown as text
  problem = "";     // why not
  disk = "same";    // or "changed", "deleted", where that must be decided about
  isReadOnly = false;
  isSaving = false;
  isChanged = false;
  news = "";        // what happened by itself, in a few words
  #files;
  #onChange;
  #base = "";       // the content on the disk, as far as is known
  #hash;
  #turn = Promise.resolve();

  // `onChange` is called when something that is shown of it is another.
  constructor(files, path, onChange) {
    this.#files = files;
    this.path = path;
    this.#onChange = onChange;
  }

  get name() { return shown(nameOf(this.path)); }

  // Rejects where nothing is there.
  async open() {
    const ace = await loadAce();
    let answer;
    try {
      answer = await this.#files.read(this.path);
    } catch (error) {
      if (!error.binary && !error.tooLarge) throw error;
      this.problem = error.message;
      return;
    }
    this.problem = "";
    this.session = makeSession(ace, this.path, answer.content);
    this.#know(answer);
    this.session.on("change", () => { this.news = ""; this.#compare(); });
  }

  // Sends the difference; where the disk has another content than it was made from, nothing is written.
  save() {
    return this.#inTurn(async () => {
      if (!this.session || !this.isChanged) return;
      const content = this.#text;
      this.isSaving = true;
      this.#onChange();
      let isConflict = false;
      try {
        if (this.disk === "deleted") await this.#create();
        const { hash } = await this.#files.save(this.path, makePatch(this.#base, content), this.#hash);
        this.#base = content;
        this.#hash = hash;
        this.disk = "same";
      } catch (error) {
        isConflict = Boolean(error.conflict);
        if (!isConflict) toast(`“${shown(this.path)}” was not saved. ${error.message}`, { stays: true });
      }
      this.isSaving = false;
      this.#compare();
      this.#onChange();
      if (isConflict) this.check();
    });
  }

  // Looks whether the disk has what is known of it. A file without changes follows the disk; another must be decided about.
  check(hash) {
    return this.#inTurn(async () => {
      if (!this.session) return this.#lookAgain();
      if (hash && hash === this.#hash && this.disk === "same") return;
      let answer;
      try {
        answer = await this.#files.read(this.path);
      } catch (error) {
        if (error.binary || error.tooLarge) toast(error.message);
        else if (error instanceof FileError) this.#become("deleted");  // others are of the connection
        return;
      }
      if (answer.content === this.#base) {
        this.#hash = answer.hash;
        this.#become("same");
      } else if (![this.#base, answer.content].includes(this.#text)) {
        this.#become("changed");
      } else {
        this.#take(answer);
        this.news = "changed on disk, read again";
        this.#onChange();
      }
    });
  }

  markDeleted() { this.#become("deleted"); }

  // It was renamed; that it left its old path may have been told before.
  moveTo(path) {
    this.path = path;
    if (this.disk === "deleted") this.#become("same");
  }

  // What is on the disk takes the place of the text here, which undo brings back.
  reload() {
    return this.#inTurn(async () => this.#take(await this.#files.read(this.path)));
  }

  // The text here stays, and the next save writes it over what is on the disk.
  keepMine() {
    return this.#inTurn(async () => {
      ({ content: this.#base, hash: this.#hash } = await this.#files.read(this.path));
      this.#become("same");
    });
  }

  // One thing after the other: what is known of the disk would be wrong in between.
  #inTurn(act) {
    this.#turn = this.#turn.then(act).catch((error) => toast(error.message));
    return this.#turn;
  }

  // It could not be shown as text; perhaps it can now.
  async #lookAgain() {
    try {
      await this.open();
      this.#become("same");
    } catch (error) {
      if (error instanceof FileError) this.#become("deleted");
    }
  }

  // As it is saved.
  get #text() { return this.isReadOnly ? this.#base : this.session.getValue(); }

  #know({ content, hash }) {
    this.#base = content;
    this.#hash = hash;
    this.isReadOnly = this.session.getValue() !== content;  // mixed line ends would be lost
  }

  #become(disk) {
    this.disk = disk;
    this.#compare();
    this.#onChange();
  }

  async #create() {
    await this.#files.createFile(this.path);
    this.#base = "";
    this.#hash = undefined;
  }

  #take(answer) {
    const { session } = this;
    const at = session.selection.getCursor();
    const top = session.getScrollTop();
    session.doc.setValue(answer.content);
    this.#know(answer);
    session.selection.moveTo(Math.min(at.row, session.getLength() - 1), at.column);
    session.setScrollTop(top);
    this.#become("same");
  }

  #compare() {
    const isChanged = this.session !== null && ((this.disk === "deleted" && !this.#files.isReadOnly) || this.#text !== this.#base);
    if (isChanged === this.isChanged) return;
    this.isChanged = isChanged;
    this.#onChange();
  }
}
