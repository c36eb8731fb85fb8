// One file in a plain editor. Saving sends the difference, so that it fits beside what others change.

import { DIFF_DELETE, DIFF_INSERT, diff_match_patch as Differ } from "/vendor/diff-match-patch.js";
import { toast } from "/toasts.js";

const differ = new Differ();

export class Editor {
  #connection;
  #onShown;
  #area = document.getElementById("content");
  #name = document.getElementById("file-name");
  #state = document.getElementById("file-state");
  #save = document.getElementById("save");
  #path = null;     // of the file that is shown
  #base = "";       // its content on the server, as far as is known
  #lineEnd = "\n";  // a textarea has no other, so it is put back when saving
  #sent = null;     // the content that a save under way will make

  // `onShown` is called when a file has come.
  constructor(connection, onShown) {
    this.#connection = connection;
    this.#onShown = onShown;
    this.#area.addEventListener("input", () => this.#showState());
    this.#save.onclick = () => this.save();
    document.getElementById("close-file").onclick = () => this.close();
    connection.on("fetchContentResponse", (answer) => this.#fetched(answer));
    connection.on("updateContentResponse", (answer) => this.#saved(answer));
    connection.onState((state) => { if (state.name !== "connected") this.#sent = null; this.#showState(); });
    addEventListener("beforeunload", (event) => { if (this.#isChanged()) event.preventDefault(); });
  }

  open(path) {
    if (!this.#mayLeave()) return;
    if (!this.#connection.emit("fetchContent", { path })) toast("Not connected: the file cannot be read now.");
  }

  save() {
    if (!this.#isChanged() || this.#sent !== null) return;
    const content = this.#content();
    if (this.#connection.emit("updateContent", { path: this.#path, patch: makePatch(this.#base, content) })) {
      this.#sent = content;
      this.#showState();
    } else {
      toast(`Not connected: “${this.#path}” was not saved.`, { stays: true });
    }
  }

  close() {
    if (!this.#mayLeave()) return;
    this.#path = null;
    this.#showFile();
  }

  #fetched({ path, content, error }) {
    if (error) return toast(error);
    this.#path = path;
    this.#base = content;
    this.#lineEnd = content.includes("\r\n") ? "\r\n" : "\n";
    this.#area.value = content;
    this.#area.readOnly = this.#content() !== content;  // mixed line ends would be lost
    this.#area.scrollTo(0, 0);
    this.#area.setSelectionRange(0, 0);
    this.#showFile();
    this.#onShown();
    if (matchMedia("(pointer: fine)").matches) this.#area.focus();  // elsewhere a keyboard would rise
  }

  #saved({ error }) {
    const content = this.#sent;
    this.#sent = null;
    if (error) toast(error, { stays: true });
    else if (content !== null) this.#base = content;
    this.#showState();
  }

  #content() { return this.#area.value.replaceAll("\n", this.#lineEnd); }
  #isChanged() { return this.#path !== null && !this.#area.readOnly && this.#content() !== this.#base; }
  #mayLeave() { return !this.#isChanged() || confirm(`“${this.#path}” is not saved. Leave it?`); }

  #showFile() {
    const isOpen = this.#path !== null;
    document.body.classList.toggle("has-file", isOpen);
    document.getElementById("file").hidden = !isOpen;
    document.getElementById("no-file").hidden = isOpen;
    this.#name.textContent = this.#path ?? "";
    this.#area.setAttribute("aria-label", this.#path ?? "");
    this.#showState();
  }

  #showState() {
    const changed = this.#isChanged();
    this.#state.textContent = this.#area.readOnly ? "mixed line ends: to read only"
      : this.#sent !== null ? "saving…" : changed ? "● not saved" : "";
    this.#save.disabled = !changed || this.#sent !== null;
  }
}

// The package loses a change of one emoji to another with the same second half, so what it made is
// tried first, and replaced by a patch of the whole where it does not give what it should.
function makePatch(base, content) {
  const patches = differ.patch_make(base, content);
  const [result] = differ.patch_apply(patches, base);
  const whole = () => differ.patch_make(base, [new Differ.Diff(DIFF_DELETE, base), new Differ.Diff(DIFF_INSERT, content)]);
  return differ.patch_toText(result === content ? patches : whole());
}
