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
  #asking = null;               // { view, resolve, reject }

  constructor(connection) {
    this.#connection = connection;
    connection.on("terminalConnected", (session) => this.#connected(session));
    for (const [event, method] of Object.entries(TOLD)) {
      connection.on(event, (data) => this.#views.get(data.sessionId)?.[method](data));
    }
    connection.on("terminalError", ({ error }) => toast(error));
    connection.onState(({ name }) => { if (name === "away") this.#lost(); });
  }

  // Asks for the session with this id, or for a new one where it is null or gone. Rejects where there is no shell.
  attach(view, ask) {
    const turn = this.#turn.then(() => this.#ask(view, ask));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  // False where it was not sent.
  tell(sessionId, event, data) {
    return this.#connection.emit(event, { ...data, sessionId });
  }

  // The shell ends.
  close(sessionId) {
    this.#views.delete(sessionId);
    return this.#connection.emit("closeTerminal", { sessionId });
  }

  // This window leaves; the shell goes on.
  detach(sessionId) {
    this.#views.delete(sessionId);
    return this.#connection.emit("detachTerminal", { sessionId });
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
    const connected = new Promise((resolve, reject) => { this.#asking = { view, resolve, reject }; });
    connected.catch(() => {});  // the request may tell of it before
    try {
      await this.#connection.request("requestTerminal", { ...ask, stream: true });
      await connected;
    } finally {
      this.#asking = null;
    }
  }

  #connected(session) {
    const asking = this.#asking;
    if (!asking) return;
    this.#views.set(session.sessionId, asking.view);
    asking.view.connected(session);
    asking.resolve();
  }

  #lost() {
    this.#asking?.reject(new Error("The connection was lost before the shell came."));
    const views = [...this.#views.values()];
    this.#views.clear();
    for (const view of views) view.lost();
  }
}
