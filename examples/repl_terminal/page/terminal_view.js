// One terminal: xterm.js on the page, a shell on the server.

import { Terminal } from "/vendor/xterm.mjs";
import { FitAddon } from "/vendor/addon-fit.mjs";
import { onTheme, terminalColours } from "/theme.js";
import { toast } from "/toasts.js";

const FONT = 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", monospace';
const NOT_SENT = "Not connected: what you type is not sent.";

export class TerminalView {
  terminal = new Terminal({
    cursorBlink: true,
    fontFamily: FONT,
    fontSize: 13,
    minimumContrastRatio: 4.5,
    scrollback: 10_000,
  });
  #fit = new FitAddon();
  #connection;
  #session = null;  // its id while the shell runs
  #hadOne = false;
  #onInput = (data) => data;

  // `element` holds the screen.
  constructor(element, connection) {
    this.#connection = connection;
    this.terminal.loadAddon(this.#fit);
    this.terminal.open(element);
    onTheme((name) => { this.terminal.options.theme = terminalColours[name]; });
    new ResizeObserver(() => { if (element.clientWidth > 0) this.#fit.fit(); }).observe(element);
    this.terminal.attachCustomKeyEventHandler((event) => this.#mayHandle(event));
    this.terminal.onData((data) => this.type(this.#onInput(data)));
    this.terminal.onResize(({ cols, rows }) => this.#tell("terminalResize", { cols, rows }));
    this.terminal.onTitleChange((title) => { document.title = title || "Terminal"; });

    connection.onState((state) => {
      if (state.name === "connected" && !this.#session) this.#request();
      if (state.name === "away") this.#session = null;
    });
    connection.on("terminalConnected", ({ sessionId }) => this.#begin(sessionId));
    connection.on("terminalResponse", (text) => this.terminal.write(text));
    connection.on("terminalError", ({ error }) => toast(error));
    connection.on("terminalClosed", (how) => { if (how.sessionId === this.#session) this.#end(how); });
  }

  // What passes every key typed, to change it.
  set onInput(change) { this.#onInput = change; }

  // Sends input as if it was typed.
  type(data) {
    if (this.#session) this.#tell("terminalInput", { data });
    else if (this.#connection.state.name !== "connected") toast(NOT_SENT);
    else if (data === "\r") this.#request();
  }

  focus() { this.terminal.focus(); }
  get hasFocus() { return this.terminal.element.contains(document.activeElement); }

  #tell(event, data) {
    if (this.#session) this.#connection.emit(event, { ...data, sessionId: this.#session });
  }

  #request() {
    const { cols, rows } = this.terminal;
    this.#connection.emit("requestTerminal", { sessionId: null, cols, rows });
  }

  #begin(session) {
    if (this.#hadOne) this.#say("This is a new shell.");
    this.#session = session;
    this.#hadOne = true;
    const { cols, rows } = this.terminal;
    this.#tell("terminalResize", { cols, rows });  // it may have changed since the request
  }

  #end({ code, signal }) {
    this.#session = null;
    const how = signal ? `by signal ${signal}` : `with code ${code}`;
    this.#say(`The shell ended ${how}. Enter starts a new one.`);
  }

  // In the terminal's own text, on a line of its own behind all that is still to be drawn; the sequence before it
  // undoes what a program may have left on: the other screen, mouse reports, a hidden cursor, colours.
  #say(sentence) {
    this.terminal.write("", () => {
      // Leaving the other screen puts the cursor back where it was, so only where one is on it.
      const leave = this.terminal.buffer.active.type === "alternate" ? "\x1b[?1049l" : "";
      this.terminal.write(`${leave}\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l\x1b[?25h\x1b[0m\r\n\x1b[2m${sentence}\x1b[0m\r\n`);
    });
  }

  // False keeps a key from the shell: Ctrl+Shift+C copies, Ctrl+Shift+V pastes, Ctrl+` leaves.
  #mayHandle(event) {
    if (!event.ctrlKey) return true;
    if (event.code === "Backquote") return false;
    if (!event.shiftKey || !["KeyC", "KeyV"].includes(event.code)) return true;
    if (event.code === "KeyC" && event.type === "keydown") {
      event.preventDefault();
      if (this.terminal.hasSelection()) navigator.clipboard.writeText(this.terminal.getSelection());
    }
    return false;  // the browser itself pastes
  }
}
