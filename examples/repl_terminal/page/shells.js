// The events of terminals: asks the server for shells, and hands what comes from each to the view that shows it.

import { toast } from "/toasts.js";

// What a view is told, by event.
const TOLD = {
  terminalReplay: "replayed",
  terminalOutput: "received",
  terminalSize: "sized",
  terminalClosed: "ended",
  terminalDetached: "detached",
};

export class Shells {
  #connection;
  #views = new Map();           // session's id → view
  #turn = Promise.resolve();    // requests are made one after the other, so that it is clear whose answer comes
  #asking = null;               // { view, tag, resolve, reject }; the tag comes back with the session
  #asked = 0;

  constructor(connection) {
    this.#connection = connection;
    connection.on("terminalConnected", (session) => this.#connected(session));
    for (const [event, method] of Object.entries(TOLD)) {
      connection.on(event, (data) => this.#views.get(data.sessionId)?.[method](data));
    }
    // Told last of all.
    for (const event of ["terminalClosed", "terminalDetached"]) connection.on(event, ({ sessionId }) => this.#views.delete(sessionId));
    connection.on("terminalError", ({ error }) => toast(error));
    connection.onState(({ name }) => { if (name === "away") this.#lost(); });
  }

  // Asks for the session with this id, or for a new one where it is null or gone. Rejects where there is no shell.
  attach(view, ask) {
    const turn = this.#turn.then(() => this.#ask(view, ask));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  // Typed input. False where it was not sent.
  tell(sessionId, event, data) {
    return this.#connection.emit(event, { ...data, sessionId });
  }

  // What keeps the books: see Connection.emitSurely.
  account(sessionId, event, data) {
    return this.#connection.emitSurely(event, { ...data, sessionId });
  }

  // The shell ends.
  close(sessionId) {
    this.#views.delete(sessionId);
    return this.#connection.emitSurely("closeTerminal", { sessionId });
  }

  // This window leaves; the shell goes on.
  detach(sessionId) {
    this.#views.delete(sessionId);
    return this.#connection.emitSurely("detachTerminal", { sessionId });
  }

  // Those that run on the server and are not shown by this window.
  async listOthers() {
    const { terminals } = await this.#connection.request("listTerminals");
    return terminals.filter(({ sessionId }) => !this.#views.has(sessionId));
  }

  async isRunning(sessionId) {
    const { terminals } = await this.#connection.request("listTerminals");
    return terminals.some((one) => one.sessionId === sessionId);
  }

  async #ask(view, ask) {
    const connected = new Promise((resolve, reject) => { this.#asking = { view, tag: String(++this.#asked), resolve, reject }; });
    connected.catch(() => {});  // the request may tell of it before
    try {
      await this.#connection.request("requestTerminal", { ...ask, stream: true, tag: this.#asking.tag });
      await connected;
    } finally {
      this.#asking = null;
    }
  }

  // One that nobody asks for any more, since its answer came too late, is left alone.
  #connected(session) {
    const asking = this.#asking;
    if (!asking || asking.tag !== session.tag) return void this.detach(session.sessionId);
    if (asking.view.isGone) {
      session.resumed ? this.detach(session.sessionId) : this.close(session.sessionId);
    } else {
      this.#views.set(session.sessionId, asking.view);
      asking.view.connected(session);
    }
    asking.resolve();
  }

  #lost() {
    this.#asking?.reject(new Error("The connection was lost before the shell came."));
    const views = [...this.#views.values()];
    this.#views.clear();
    for (const view of views) view.lost();
  }
}
