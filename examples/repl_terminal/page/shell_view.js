// The view of one shell in this window: a screen here, a session on the server.

import { copyText, confirmPaste, stripControls } from "/clipboard.js";
import { OutputFlow } from "/output_flow.js";
import { displayText } from "/paths.js";
import { TerminalScreen } from "/terminal_screen.js";
import { toast } from "/toasts.js";

const MAX_INPUT_LENGTH = 16 * 1024;  // limit of one message, for large pastes
const ACK_RETRY_DELAY = 50;  // ms

export class ShellView {
  element = document.createElement("div");
  title = "";
  viewers = 1;
  readOnly = false;
  isGone = false;  // closed, perhaps before the session has started
  sessionId;  // null before the first session
  state = "waiting";  // then "attaching", "running", and finally "ended", or "detached" by the server
  #shells;
  #connection;
  #onChange;
  #changeInput;
  #screen;
  #flow = new OutputFlow();

  // `onChange` is called when a property that a tab shows has changed. `changeInput` may change typed input.
  constructor(connection, shells, { sessionId = null, readOnly = false, title = "", onChange, changeInput = (data) => data }) {
    this.#connection = connection;
    this.#shells = shells;
    this.sessionId = sessionId;
    this.readOnly = readOnly;
    this.title = title;
    this.#onChange = onChange;
    this.#changeInput = changeInput;
    this.element.className = "screen";
    this.#screen = new TerminalScreen(this.element, () => this.#onFit());
    const { terminal } = this;
    terminal.onData((data) => this.type(this.#changeInput(data)));
    terminal.onBinary((data) => this.type(data));
    terminal.onTitleChange((title) => { this.title = displayText(title).trim().slice(0, 200); this.#onChange(); });
    terminal.onResize(() => this.#onChange());
    terminal.attachCustomKeyEventHandler((event) => this.#onKey(event));
    this.element.addEventListener("paste", (event) => this.#onPaste(event), { capture: true });
  }

  get terminal() { return this.#screen.terminal; }
  get search() { return this.#screen.search; }
  get isShared() { return this.readOnly || this.viewers > 1; }
  focus() { this.#screen.focus(); }

  // Requests the session, or a new one.
  async attach() {
    if (this.state === "attaching" || !this.#connection.isConnected) return;
    const { cols, rows } = this.#screen.ownSize;
    const readOnly = this.readOnly || undefined;
    this.#setState("attaching");
    try {
      if (readOnly && !await this.#shells.isRunning(this.sessionId)) return this.#onSessionEnd("The watched shell no longer exists.");
      await this.#shells.attach(this, { sessionId: this.sessionId, cols, rows, readOnly });
    } catch (error) {
      if (!this.#connection.isConnected) return this.lost();
      toast(error.message);
      this.#screen.writeMessage("There is no shell. Enter tries again.");
      this.#setState("ended");
    }
  }

  // Sends input as if it were typed. Input that cannot be sent is refused and not queued.
  type(data) {
    if (this.state === "running") {
      if (this.#screen.isReplaying) return;  // xterm.js answers queries in the replayed output
      if (this.readOnly) return toast(`This ${this.#shells.isReadOnly ? "server only lets you look" : "window only watches this shell"}: what you type is not sent.`, { kind: "note" });
      for (const piece of splitInput(data)) {
        if (!this.#shells.emitVolatile(this.sessionId, "terminalInput", { data: piece })) return toast("The rest of the input was not sent: too much data is already waiting to be sent.");
      }
    } else if (!this.#connection.isConnected) {
      toast("Not connected: what you type is not sent.");
    } else if (data === "\r" && this.state !== "attaching") {
      this.attach();
    }
  }

  copy() {
    if (this.terminal.hasSelection()) copyText(this.terminal.getSelection(), "The selection");
  }

  // Closes the view. Ends the shell, unless `leaves` is true (the default if another window shows it).
  close({ leaves = this.isShared } = {}) {
    if (this.state === "running") {
      leaves ? this.#shells.detach(this.sessionId) : this.#shells.close(this.sessionId);
    }
    this.isGone = true;
    this.#screen.dispose();
    this.element.remove();
  }

  // ---- Called by Shells.

  connected({ sessionId, cols, rows, readOnly = false, resumed = false }) {
    const wanted = this.sessionId;
    this.#flow = new OutputFlow();
    this.#screen.isReplaying = resumed;
    if (resumed) this.#screen.clear();
    else if (wanted) this.#screen.writeMessage("The earlier shell is gone. This is a new one.");
    if (!resumed) this.title = "";
    this.sessionId = sessionId;
    this.readOnly = readOnly;
    this.#setState("running");
    if (!resumed) this.#applySize(cols, rows);
  }

  replayed({ runs, last }) {
    this.#screen.replay(runs);
    if (!last) return;
    this.#screen.enqueue(() => { this.#screen.isReplaying = false; this.#applySize(); });
  }

  received({ data, end }) {
    const flow = this.#flow;
    flow.receive(end);
    this.#screen.write(data, () => this.#acknowledge(flow, end));
  }

  // Retries until the acknowledgement is sent, because the server does not read the shell without it.
  #acknowledge(flow, end) {
    if (flow !== this.#flow || this.state !== "running" || !flow.isDue(end)) return;
    if (this.#shells.emit(this.sessionId, "terminalAck", { end })) flow.acknowledged(end);
    else setTimeout(() => this.#acknowledge(flow, end), ACK_RETRY_DELAY);
  }

  sized({ cols, rows, viewers }) {
    this.viewers = viewers;
    this.#shared = { cols, rows };
    if (!this.#screen.isReplaying) this.#applySize(cols, rows);
    this.#onChange();
  }

  ended({ code, signal }) {
    const status = signal ? `by signal ${signal}` : `with code ${code}`;
    this.#onSessionEnd(`The shell ended ${status}.`);
  }

  detached({ reason }) {
    this.#screen.writeMessage(`${reason || "This window was too slow and was detached."} Enter attaches it again.`);
    this.#setState("detached");
  }

  lost() {
    if (this.state !== "ended") this.#setState("waiting");
  }

  #onSessionEnd(message) {
    this.#screen.writeMessage(`${message} Enter starts a new one.`);
    Object.assign(this, { sessionId: null, readOnly: false, viewers: 1 });
    this.#applySize();
    this.#setState("ended");
  }

  // ---- Size: the window's own, or the smallest window's if several show the shell.

  #shared = null;

  #onFit() {
    const { cols, rows } = this.#screen.ownSize;
    if (this.state === "running") this.#shells.emit(this.sessionId, "terminalResize", { cols, rows });
    if (!this.#screen.isReplaying) this.#applySize();
  }

  #applySize(cols = this.#shared?.cols, rows = this.#shared?.rows) {
    if (!cols || this.viewers <= 1) ({ cols, rows } = this.#screen.ownSize);
    this.#screen.resize(cols, rows);
  }

  #setState(state) {
    this.state = state;
    this.element.dataset.state = state;
    this.#onChange();
  }

  // Returns false for keys that xterm.js must not handle.
  #onKey(event) {
    if (!event.ctrlKey || !event.shiftKey || !["KeyC", "KeyV"].includes(event.code)) return true;
    if (event.code === "KeyC" && event.type === "keydown") {
      event.preventDefault();
      this.copy();
    }
    return false;  // the browser fires a paste event for Ctrl+Shift+V
  }

  async #onPaste(event) {
    const text = stripControls(event.clipboardData?.getData("text/plain") ?? "");
    event.preventDefault();
    event.stopPropagation();
    if (text !== "" && await confirmPaste(text, this.terminal)) this.terminal.paste(text);
  }
}

// Splits between characters, not inside a surrogate pair.
function splitInput(data) {
  if (data.length <= MAX_INPUT_LENGTH) return [data];
  const pieces = [];
  for (let at = 0; at < data.length;) {
    let end = Math.min(at + MAX_INPUT_LENGTH, data.length);
    if (end < data.length && /[\ud800-\udbff]/.test(data[end - 1])) end -= 1;
    pieces.push(data.slice(at, end));
    at = end;
  }
  return pieces;
}
