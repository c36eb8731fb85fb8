// One shell as this window sees it: a screen here, a session on the server.

import { copyText, mayPaste, withoutControls } from "/clipboard.js";
import { OutputFlow } from "/output_flow.js";
import { shown } from "/paths.js";
import { TerminalScreen } from "/terminal_screen.js";
import { toast } from "/toasts.js";

const PIECE = 16 * 1024;  // of a large paste
const ACK_AGAIN = 50;     // ms

export class ShellView {
  element = document.createElement("div");
  title = "";
  viewers = 1;
  readOnly = false;
  isGone = false;       // closed, perhaps before its session came
  sessionId;            // null until there was one
  state = "waiting";    // for its session; then "running"; at last "ended", or "detached" by the server
  #shells;
  #connection;
  #onChange;
  #changeInput;
  #screen;
  #flow = new OutputFlow();

  // `onChange` is called when something that a tab shows is another; `changeInput` may change what is typed.
  constructor(connection, shells, { sessionId = null, readOnly = false, title = "", onChange, changeInput = (data) => data }) {
    this.#connection = connection;
    this.#shells = shells;
    this.sessionId = sessionId;
    this.readOnly = readOnly;
    this.title = title;
    this.#onChange = onChange;
    this.#changeInput = changeInput;
    this.element.className = "screen";
    this.#screen = new TerminalScreen(this.element, () => this.#fitted());
    const { terminal } = this;
    terminal.onData((data) => this.type(this.#changeInput(data)));
    terminal.onBinary((data) => this.type(data));
    terminal.onTitleChange((title) => { this.title = shown(title).trim().slice(0, 200); this.#onChange(); });
    terminal.onResize(() => this.#onChange());
    terminal.attachCustomKeyEventHandler((event) => this.#mayHandle(event));
    this.element.addEventListener("paste", (event) => this.#pasted(event), { capture: true });
  }

  get terminal() { return this.#screen.terminal; }
  get search() { return this.#screen.search; }
  get isShared() { return this.readOnly || this.viewers > 1; }
  focus() { this.#screen.focus(); }

  // Asks for its session, or for a new one.
  async attach() {
    if (this.state === "attaching" || !this.#connection.isConnected) return;
    const { cols, rows } = this.#screen.ownSize;
    const readOnly = this.readOnly || undefined;
    this.#become("attaching");
    try {
      if (readOnly && !await this.#shells.isRunning(this.sessionId)) return this.#over("The shell that was watched is gone.");
      await this.#shells.attach(this, { sessionId: this.sessionId, cols, rows, readOnly });
    } catch (error) {
      if (!this.#connection.isConnected) return this.lost();
      toast(error.message);
      this.#screen.say("There is no shell. Enter tries again.");
      this.#become("ended");
    }
  }

  // Sends input as if it was typed; what cannot be sent is refused, and never kept for later.
  type(data) {
    if (this.state === "running") {
      if (this.#screen.isReplaying) return;  // xterm.js answers what programs asked long ago
      if (this.readOnly) return toast(`This ${this.#shells.isReadOnly ? "server only lets you look" : "window only watches this shell"}: what you type is not sent.`, { kind: "note" });
      for (const piece of piecesOf(data)) {
        if (!this.#shells.tell(this.sessionId, "terminalInput", { data: piece })) return toast("The rest of this was not sent: it is too much at once.");
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

  // Ends the shell, or only leaves it, as where another window has it too.
  close({ leaves = this.isShared } = {}) {
    if (this.state === "running") {
      leaves ? this.#shells.detach(this.sessionId) : this.#shells.close(this.sessionId);
    }
    this.isGone = true;
    this.#screen.dispose();
    this.element.remove();
  }

  // ---- What Shells tells.

  connected({ sessionId, cols, rows, readOnly = false, resumed = false }) {
    const wanted = this.sessionId;
    this.#flow = new OutputFlow();
    this.#screen.isReplaying = resumed;
    if (resumed) this.#screen.clear();
    else if (wanted) this.#screen.say("The earlier shell is gone. This is a new one.");
    if (!resumed) this.title = "";
    this.sessionId = sessionId;
    this.readOnly = readOnly;
    this.#become("running");
    if (!resumed) this.#settle(cols, rows);
  }

  replayed({ runs, last }) {
    this.#screen.replay(runs);
    if (!last) return;
    this.#screen.whenDone(() => { this.#screen.isReplaying = false; this.#settle(); });
  }

  received({ data, end }) {
    const flow = this.#flow;
    flow.receive(end);
    this.#screen.write(data, () => this.#acknowledge(flow, end));
  }

  // Again and again until it is sent: without it the shell stands still.
  #acknowledge(flow, end) {
    if (flow !== this.#flow || this.state !== "running" || !flow.isDue(end)) return;
    if (this.#shells.account(this.sessionId, "terminalAck", { end })) flow.acknowledged(end);
    else setTimeout(() => this.#acknowledge(flow, end), ACK_AGAIN);
  }

  sized({ cols, rows, viewers }) {
    this.viewers = viewers;
    this.#shared = { cols, rows };
    if (!this.#screen.isReplaying) this.#settle(cols, rows);
    this.#onChange();
  }

  ended({ code, signal }) {
    const how = signal ? `by signal ${signal}` : `with code ${code}`;
    this.#over(`The shell ended ${how}.`);
  }

  detached({ reason }) {
    this.#screen.say(`${reason || "This window did not keep up and was detached."} Enter attaches it again.`);
    this.#become("detached");
  }

  lost() {
    if (this.state !== "ended") this.#become("waiting");
  }

  #over(sentence) {
    this.#screen.say(`${sentence} Enter starts a new one.`);
    Object.assign(this, { sessionId: null, readOnly: false, viewers: 1 });
    this.#settle();
    this.#become("ended");
  }

  // ---- Its size: alone, a window has its own; with others, the smallest wins.

  #shared = null;

  #fitted() {
    const { cols, rows } = this.#screen.ownSize;
    if (this.state === "running") this.#shells.account(this.sessionId, "terminalResize", { cols, rows });
    if (!this.#screen.isReplaying) this.#settle();
  }

  #settle(cols = this.#shared?.cols, rows = this.#shared?.rows) {
    if (!cols || this.viewers <= 1) ({ cols, rows } = this.#screen.ownSize);
    this.#screen.resize(cols, rows);
  }

  #become(state) {
    this.state = state;
    this.element.dataset.state = state;
    this.#onChange();
  }

  // False keeps a key from the shell.
  #mayHandle(event) {
    if (!event.ctrlKey || !event.shiftKey || !["KeyC", "KeyV"].includes(event.code)) return true;
    if (event.code === "KeyC" && event.type === "keydown") {
      event.preventDefault();
      this.copy();
    }
    return false;  // the browser itself pastes
  }

  async #pasted(event) {
    const text = withoutControls(event.clipboardData?.getData("text/plain") ?? "");
    event.preventDefault();
    event.stopPropagation();
    if (text !== "" && await mayPaste(text, this.terminal)) this.terminal.paste(text);
  }
}

// No piece ends inside a surrogate pair.
function piecesOf(data) {
  if (data.length <= PIECE) return [data];
  const pieces = [];
  for (let at = 0; at < data.length;) {
    let end = Math.min(at + PIECE, data.length);
    if (end < data.length && /[\ud800-\udbff]/.test(data[end - 1])) end -= 1;
    pieces.push(data.slice(at, end));
    at = end;
  }
  return pieces;
}
