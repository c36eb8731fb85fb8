// The terminal events: requests shells from the server, and passes the events of each session to its view.

import { toast } from "/toasts.js";

// The view's method for each event.
const VIEW_METHODS = {
  terminalReplay: "replayed",
  terminalOutput: "received",
  terminalSize: "sized",
  terminalClosed: "ended",
  terminalDetached: "detached",
};

export class Shells {
  isReadOnly = false;  // the server allows no input
  #connection;
  #views = new Map();  // session id → view
  #queue = Promise.resolve();  // requests are sent one at a time, so that each answer can be matched
  #pending = null;  // { view, sessionId, tag, resolve, reject }; the answer contains the tag
  #lastTag = 0;

  constructor(connection) {
    this.#connection = connection;
    connection.on("terminalConnected", (session) => this.#connected(session));
    for (const [event, method] of Object.entries(VIEW_METHODS)) {
      connection.on(event, (data) => this.#views.get(data.sessionId)?.[method](data));
    }
    // Registered after the callbacks above, so that the view gets the event first.
    for (const event of ["terminalClosed", "terminalDetached"]) connection.on(event, ({ sessionId }) => this.#views.delete(sessionId));
    connection.on("Loaded", ({ readOnly = false }) => { this.isReadOnly = readOnly; });
    connection.on("terminalError", ({ error }) => toast(error));
    connection.onState(({ name }) => { if (name === "away") this.#lost(); });
  }

  // Requests the session with this id, or a new session if the id is null or unknown. Rejects if there is no shell.
  attach(view, ask) {
    const attached = this.#queue.then(() => this.#ask(view, ask));
    this.#queue = attached.catch(() => {});
    return attached;
  }

  // For typed input. Returns false if it was not sent.
  emitVolatile(sessionId, event, data) {
    return this.#connection.emitVolatile(event, { ...data, sessionId });
  }

  // For acknowledgements and sizes, see Connection.emit.
  emit(sessionId, event, data) {
    return this.#connection.emit(event, { ...data, sessionId });
  }

  // Ends the shell.
  close(sessionId) {
    this.#views.delete(sessionId);
    return this.#connection.emit("closeTerminal", { sessionId });
  }

  // Detaches this window. The shell keeps running.
  detach(sessionId) {
    this.#views.delete(sessionId);
    return this.#connection.emit("detachTerminal", { sessionId });
  }

  // Resolves with the running sessions that this window does not show.
  async listOthers() {
    const { terminals } = await this.#connection.request("listTerminals");
    return terminals.filter(({ sessionId }) => !this.#views.has(sessionId));
  }

  async isRunning(sessionId) {
    const { terminals } = await this.#connection.request("listTerminals");
    return terminals.some((one) => one.sessionId === sessionId);
  }

  async #ask(view, ask) {
    const connected = new Promise((resolve, reject) => { this.#pending = { view, sessionId: ask.sessionId, tag: String(++this.#lastTag), resolve, reject }; });
    connected.catch(() => {});  // the request may report the failure first
    try {
      await this.#connection.request("requestTerminal", { ...ask, stream: true, tag: this.#pending.tag });
      await connected;
    } finally {
      this.#pending = null;
    }
  }

  #connected(session) {
    const pending = this.#pending;
    if (!pending || pending.tag !== session.tag) return this.#detachUnclaimed(session);
    if (pending.view.isGone) {
      session.resumed ? this.detach(session.sessionId) : this.close(session.sessionId);
    } else {
      this.#views.set(session.sessionId, pending.view);
      pending.view.connected(session);
    }
    pending.resolve();
  }

  // Detaches a session whose answer arrived after its request had timed out.
  #detachUnclaimed({ sessionId }) {
    if (this.#pending?.sessionId !== sessionId && !this.#views.has(sessionId)) this.detach(sessionId);
  }

  #lost() {
    this.#pending?.reject(new Error("The connection was lost before the shell was attached."));
    const views = [...this.#views.values()];
    this.#views.clear();
    for (const view of views) view.lost();
  }
}
