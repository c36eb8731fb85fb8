// The library's browser client, as this page uses it: nothing is kept for later, since what is typed into a terminal that
// is away must not run when it is back.
import { Client } from "/client.js";

const TIME_EVERY = 15_000;   // ms
const AFTER_FINAL = 30_000;

export class Connection {
  #client;
  #watchers = new Set();
  #stopwatches = new Set();
  #timer;

  // "connecting", "connected", "away" (with retryAt, in Date.now()'s time) or "refused".
  state = { name: "connecting" };

  // `options` are the client's.
  constructor(path, options = {}) {
    this.#client = new Client(path, { ...options, autoConnect: false });
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

  // For what is typed: false where nothing was sent, also while much of what was sent before has not left yet.
  emit(event, data) {
    return this.#client.emitVolatile(event, data);
  }

  // For what keeps the books (acknowledgements, sizes, farewells), beside a large save too. False where it was not sent.
  emitSurely(event, data) {
    return this.isConnected && this.#client.emit(event, data);
  }

  // Resolves with the reply; rejects with an Error whose message is a sentence to show, and which `isLate` where the answer
  // may still come.
  async request(event, data) {
    if (!this.isConnected) throw new Error("Not connected: nothing was done.");
    try {
      return await this.#client.request(event, data);
    } catch (error) {
      if (error.code === "remote_error") throw error;
      if (error.code !== "timed_out") throw new Error("The connection was lost before the answer came.");
      throw Object.assign(new Error("The server does not answer."), { isLate: true });
    }
  }

  open() {
    this.#client.connect();
    this.#client.onState((status) => this.#follow(status));
  }

  // At once, in place of when the pause is over.
  reconnectNow() {
    if (this.state.name === "away") this.#client.connect();
  }

  async #follow({ state, delay }) {
    if (state === "connecting") this.#become({ name: "connecting" });
    if (state === "open") this.#become({ name: "connected" });
    // A code after which it would not come back by itself: the page is there, so it tries again, in its own time.
    if (state === "closed" && this.state.name !== "refused") return this.#comeBackLater();
    if (state !== "waiting") return;
    this.#become({ name: "away", retryAt: Date.now() + delay });
    if (await this.#isRefused() && this.#client.state === "waiting") {
      this.#become({ name: "refused" });
      this.#client.close();
    }
  }

  #comeBackLater() {
    this.#become({ name: "away", retryAt: Date.now() + AFTER_FINAL });
    setTimeout(() => this.reconnectNow(), AFTER_FINAL);
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
