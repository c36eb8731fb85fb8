// The WebSocket connection of this page, on top of the library's browser client. Nothing is queued while disconnected,
// because terminal input must not run after a reconnect.
import { Client } from "/client.js";

const PING_INTERVAL = 15_000;  // ms
const FINAL_CLOSE_DELAY = 30_000;
const REQUEST_TIMEOUT = 10_000;

export const connectionLost = () => Object.assign(new Error("The connection was lost before the answer arrived."), { isOutcomeUnknown: true });

export class Connection {
  #client;
  #clock;
  #stateListeners = new Set();
  #roundTripListeners = new Set();
  #timer;
  #aborter = new AbortController();  // aborts the open requests when the connection is lost

  // The name is "connecting", "connected", "away" (with `retryAt`, a time like Date.now()) or "refused".
  state = { name: "connecting" };

  // `options` are the options of the client.
  constructor(path, options = {}) {
    this.#clock = options.clock ?? globalThis;
    this.#client = new Client(path, { ...options, autoConnect: false });
    this.#client.on("connect", () => this.#measure());
    this.#client.on("disconnect", () => clearTimeout(this.#timer));
  }

  get isConnected() { return this.state.name === "connected"; }

  // Returns a function that removes the callback.
  on(event, callback) {
    return this.#client.on(event, callback);
  }

  // Calls the callback now and at every change.
  onState(callback) {
    this.#stateListeners.add(callback);
    callback(this.state);
  }

  // Calls the callback from time to time with the round-trip time in milliseconds.
  onRoundTrip(callback) {
    this.#roundTripListeners.add(callback);
  }

  // For terminal input. Returns false if nothing was sent: not connected, or the send buffer is too full.
  emitVolatile(event, data) {
    return this.#client.emitVolatile(event, data);
  }

  // For acknowledgements, sizes and similar messages, which must be sent even during a large save. Returns false if
  // nothing was sent.
  emit(event, data) {
    return this.isConnected && this.#client.emit(event, data);
  }

  // Resolves with the reply. Rejects with an Error whose message can be shown to the user. Its `isOutcomeUnknown` is
  // true if the server may have handled the request.
  request(event, data) { return this.withTimeout(this.requestWithoutTimeout(event, data)); }

  // Like `request`, without a timeout.
  async requestWithoutTimeout(event, data) {
    if (!this.isConnected) throw new Error("Not connected: nothing was done.");
    try {
      return await this.#client.request(event, data, { timeout: Infinity, signal: this.#aborter.signal });
    } catch (error) {
      if (error.code === "remote_error") throw error;
      if (["closed", "cancelled"].includes(error.code)) throw connectionLost();
      throw new Error("Not sent: too much data is already waiting to be sent.");
    }
  }

  // Adds a timeout to a promise. On a timeout the Error has `isTimeout`, and `pending` is the original promise.
  withTimeout(promise) {
    return new Promise((resolve, reject) => {
      const onTimeout = () => reject(Object.assign(new Error("The server does not answer."), { isOutcomeUnknown: true, isTimeout: true, pending: promise }));
      const timer = this.#clock.setTimeout(onTimeout, REQUEST_TIMEOUT);
      promise.finally(() => this.#clock.clearTimeout(timer)).then(resolve, reject);
    });
  }

  open() {
    this.#client.connect();
    this.#client.onState((status) => this.#follow(status));
  }

  // Ends the wait before the next attempt.
  reconnectNow() {
    if (this.state.name === "away") this.#client.connect();
  }

  // Reconnects after a refusal if the browser has got the cookie meanwhile, in another tab.
  async recheckAccess() {
    if (this.state.name === "refused" && !await this.#isRefused() && this.state.name === "refused") this.#client.connect();
  }

  async #follow({ state, delay }) {
    if (state === "connecting") this.#setState({ name: "connecting" });
    if (state === "open") this.#setState({ name: "connected" });
    // The client does not reconnect after this close code. The page does, after a longer wait.
    if (state === "closed" && this.state.name !== "refused") return this.#retryLater();
    if (state !== "waiting") return;
    this.#setState({ name: "away", retryAt: Date.now() + delay });
    if (await this.#isRefused() && this.#client.state === "waiting") {
      this.#setState({ name: "refused" });
      this.#client.close();
    }
  }

  #retryLater() {
    this.#setState({ name: "away", retryAt: Date.now() + FINAL_CLOSE_DELAY });
    setTimeout(() => this.reconnectNow(), FINAL_CLOSE_DELAY);
  }

  // Browsers do not report the HTTP status of a failed upgrade, so a plain request finds it out.
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
      return;  // the connection was lost, or the reply took too long
    }
    for (const listener of this.#roundTripListeners) listener(performance.now() - began);
    this.#timer = setTimeout(() => this.#measure(), PING_INTERVAL);
  }

  #setState(state) {
    this.state = state;
    if (state.name === "away") {
      this.#aborter.abort();
      this.#aborter = new AbortController();
    }
    for (const listener of this.#stateListeners) listener(state);
  }
}
