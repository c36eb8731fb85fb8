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

  // Rejects where there is nothing to show.
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
    this.#base = answer.content;
    this.#hash = answer.hash;
    this.session = makeSession(ace, this.path, answer.content);
    this.isReadOnly = this.session.getValue() !== answer.content;  // mixed line ends would be lost
    this.session.on("change", () => { this.news = ""; this.#compare(); });
  }

  // Sends the difference; where the disk has another content than it was made from, nothing is written.
  save() {
    return this.#inTurn(async () => {
      if (!this.session || !this.isChanged) return;
      const content = this.session.getValue();
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
      if (!this.session || (hash && hash === this.#hash && this.disk === "same")) return;
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
      } else if (this.isChanged && this.session.getValue() !== answer.content) {
        this.#become("changed");
      } else {
        this.#take(answer);
        this.news = "changed on disk, read again";
        this.#onChange();
      }
    });
  }

  markDeleted() {
    if (this.session) this.#become("deleted");
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

  #take({ content, hash }) {
    const { session } = this;
    const at = session.selection.getCursor();
    const top = session.getScrollTop();
    this.#base = content;
    this.#hash = hash;
    session.doc.setValue(content);
    session.selection.moveTo(Math.min(at.row, session.getLength() - 1), at.column);
    session.setScrollTop(top);
    this.#become("same");
  }

  #compare() {
    const isChanged = !this.isReadOnly && (this.session.getValue() !== this.#base || this.disk === "deleted");
    if (isChanged === this.isChanged) return;
    this.isChanged = isChanged;
    this.#onChange();
  }
}
