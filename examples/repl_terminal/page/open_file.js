// An open file: its text in the editor, and its last known state on disk.

import { loadAce, makeSession } from "/code_editor.js";
import { FileError } from "/files.js";
import { makePatch } from "/patches.js";
import { nameOf, displayText } from "/paths.js";
import { toast } from "/toasts.js";

export class OpenFile {
  path;
  session = null;  // the Ace session; null if the file cannot be shown as text
  problem = "";  // the reason for that
  disk = "same";  // or "changed" or "deleted", if the user must decide
  isReadOnly = false;
  isSaving = false;
  isChanged = false;
  news = "";  // a short text for the status line about an automatic change
  #files;
  #onChange;
  #base = "";  // the last known content on disk
  #hash;
  #unconfirmed = null;  // the content of an unanswered save, which may be on disk
  #dismissToast = () => {};  // removes the toast about the unanswered save
  #queue = Promise.resolve();

  // `onChange` is called when a visible property has changed.
  constructor(files, path, onChange) {
    this.#files = files;
    this.path = path;
    this.#onChange = onChange;
  }

  get name() { return displayText(nameOf(this.path)); }

  // Rejects if the file does not exist.
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
    this.#setDiskContent(answer);
    this.session.on("change", () => { this.news = ""; this.#updateIsChanged(); });
  }

  // Saves the difference as a patch. If the disk has other content than the patch expects, nothing is written.
  save() {
    return this.#enqueue(async () => {
      if (!this.session || !this.isChanged) return;
      this.isSaving = true;
      this.#onChange();
      await this.#write(this.#text).catch((error) => this.#onSaveError(error));
      this.isSaving = false;
      this.#updateIsChanged();
      this.#onChange();
    });
  }

  // Compares the file with the disk. A file without local changes is updated. For a file with local changes the user
  // must decide.
  check(hash) {
    return this.#enqueue(async () => {
      if (!this.session) return this.#reopen();
      if (hash && hash === this.#hash && this.disk === "same") return;
      let answer;
      try {
        answer = await this.#files.read(this.path);
      } catch (error) {
        if (error.binary || error.tooLarge) toast(error.message);
        else if (error instanceof FileError) this.#setDisk("deleted");  // other errors concern the connection
        return;
      }
      this.#onDiskContent(answer);
    });
  }

  markDeleted() { this.#setDisk("deleted"); }

  // Called after a rename. The old path may already be reported as deleted.
  moveTo(path) {
    this.path = path;
    if (this.disk === "deleted") this.#setDisk("same");
  }

  // Replaces the text with the content on disk. Undo restores the text.
  reload() {
    return this.#enqueue(async () => this.#replaceText(await this.#files.read(this.path)));
  }

  // Keeps the text. The next save overwrites the content on disk.
  keepMine() {
    return this.#enqueue(async () => {
      this.#setBase(await this.#files.read(this.path));
      this.#setDisk("same");
    });
  }

  // Runs the tasks one at a time, because each depends on the known state of the disk.
  #enqueue(task) {
    this.#queue = this.#queue.then(task).catch((error) => toast(error.message));
    return this.#queue;
  }

  // Called if the file could not be shown as text: its content may have changed.
  async #reopen() {
    try {
      await this.open();
      this.#setDisk("same");
    } catch (error) {
      if (error instanceof FileError) this.#setDisk("deleted");
    }
  }

  // The text to save.
  get #text() { return this.isReadOnly ? this.#base : this.session.getValue(); }

  // Sets the known content on disk.
  #setBase({ content, hash }) {
    this.#base = content;
    this.#hash = hash;
    if (content !== this.#unconfirmed) return;
    this.#unconfirmed = null;
    this.#dismissToast();
  }

  #setDiskContent(answer) {
    this.#setBase(answer);
    this.isReadOnly = this.session.getValue() !== answer.content;  // Ace would change mixed line ends
  }

  #onDiskContent(answer) {
    if ([this.#base, this.#unconfirmed].includes(answer.content)) {
      this.#setBase(answer);
      this.#setDisk("same");
    } else if (![this.#base, answer.content].includes(this.#text)) {
      this.#setDisk("changed");
    } else {
      this.#replaceText(answer);
      this.news = "reloaded after a change on disk";
      this.#onChange();
    }
  }

  #setDisk(disk) {
    this.disk = disk;
    this.#updateIsChanged();
    this.#onChange();
  }

  async #write(content) {
    if (this.disk === "deleted") await this.#create();
    else if (this.#unconfirmed !== null) this.#onDiskContent(await this.#files.read(this.path));
    this.#unconfirmed = content;
    const { hash } = await this.#files.save(this.path, makePatch(this.#base, content), this.#hash);
    this.#setBase({ content, hash });
    this.disk = "same";
  }

  async #create() {
    this.#unconfirmed = "";
    await this.#files.createFile(this.path);
    this.#setBase({ content: "" });
  }

  // Reads the file to find out if the save succeeded. After a timeout, waits for the late answer first.
  #onSaveError(error) {
    if (error instanceof FileError) this.#unconfirmed = null;
    this.#dismissToast();
    const show = (text) => toast(`${text} ${error.message}`, { isSticky: true });
    const path = `“${displayText(this.path)}”`;
    if (error.isOutcomeUnknown) this.#dismissToast = show(`It is not known yet whether ${path} was saved.`);
    else if (!error.conflict) show(`${path} was not saved.`);
    if (error.isTimeout) error.pending.then(() => this.check(), (late) => this.#onSaveError(late));
    else this.check();
  }

  #replaceText(answer) {
    const { session } = this;
    const at = session.selection.getCursor();
    const top = session.getScrollTop();
    session.doc.setValue(answer.content);
    this.#setDiskContent(answer);
    session.selection.moveTo(Math.min(at.row, session.getLength() - 1), at.column);
    session.setScrollTop(top);
    this.#setDisk("same");
  }

  #updateIsChanged() {
    const isChanged = this.session !== null && ((this.disk === "deleted" && !this.#files.isReadOnly) || this.#text !== this.#base);
    if (isChanged === this.isChanged) return;
    this.isChanged = isChanged;
    this.#onChange();
  }
}
