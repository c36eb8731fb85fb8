// The library's browser client, as this page uses it: nothing is kept for later, since what is typed into a terminal that
// is away must not run when it is back.
import { Client } from "/client.js";

const TIME_EVERY = 15_000;  // ms

export class Connection {
  #client;
  #watchers = new Set();
  #stopwatches = new Set();
  #timer;

  // "connecting", "connected", "away" (with retryAt, in Date.now()'s time) or "refused".
  state = { name: "connecting" };

  constructor(path) {
    this.#client = new Client(path, { autoConnect: false });
    this.#client.on("connect", () => this.#measure());
    this.#client.on("disconnect", () => clearTimeout(this.#timer));
  }

  get isConnected() { return this.state.name === "connected"; }

  // Returns a function that takes the callback away again.
  on(event, callback) {
    return this.#client.on(event, callback);
  }

  // At once and at every change.
  onState(callback) {
    this.#watchers.add(callback);
    callback(this.state);
  }

  // Gets the milliseconds to the server and back, now and then.
  onRoundTrip(callback) {
    this.#stopwatches.add(callback);
  }

  // False where nothing was sent.
  emit(event, data) {
    return this.#client.emitVolatile(event, data);
  }

  // Resolves with the reply; rejects with an Error whose message is a sentence to show.
  async request(event, data) {
    if (!this.isConnected) throw new Error("Not connected: nothing was done.");
    try {
      return await this.#client.request(event, data);
    } catch (error) {
      if (error.code === "remote_error") throw error;
      throw new Error(error.code === "timed_out" ? "The server does not answer." : "The connection was lost before the answer came.");
    }
  }

  open() {
    this.#client.onState((status) => this.#follow(status));
    this.#client.connect();
  }

  // At once, in place of when the pause is over.
  reconnectNow() {
    if (this.state.name === "away") this.#client.connect();
  }

  async #follow({ state, delay }) {
    if (state === "connecting") this.#become({ name: "connecting" });
    if (state === "open") this.#become({ name: "connected" });
    if (state !== "waiting") return;
    this.#become({ name: "away", retryAt: Date.now() + delay });
    if (await this.#isRefused() && this.#client.state === "waiting") {
      this.#client.close();
      this.#become({ name: "refused" });
    }
  }

  // A browser does not tell a page why an upgrade failed, so it asks for itself.
  async #isRefused() {
    try {
      return (await fetch("/", { cache: "no-store" })).status === 403;
    } catch {
      return false;
    }
  }

  async #measure() {
    const began = performance.now();
    try {
      await this.#client.request("ping");
    } catch {
      return;  // lost, or too slow to be told
    }
    for (const stopwatch of this.#stopwatches) stopwatch(performance.now() - began);
    this.#timer = setTimeout(() => this.#measure(), TIME_EVERY);
  }

  #become(state) {
    this.state = state;
    for (const watcher of this.#watchers) watcher(state);
  }
}
