// A WebSocket that speaks {"event","data"} envelopes and comes back when it was lost.

const BASE = 500, CAP = 30_000;       // ms; full jitter: random(0, min(cap, base · 2^attempt))
const STABLE = 30_000;                // ms after which the attempts count anew
const FIRST_PING = 1_000, PING_EVERY = 15_000, PONG_WITHIN = 10_000;

export class Connection {
  #url;
  #socket = null;
  #handlers = new Map();
  #attempt = 0;
  #timers = new Set();
  #watchers = new Set();
  #stopwatches = new Set();

  // "connecting", "connected", "away" (with retryAt, in Date.now()'s time) or "refused".
  state = { name: "connecting" };

  constructor(url) {
    this.#url = url;
    this.on("$pong", () => this.#ponged());
  }

  // Returns a function that takes the callback away again.
  on(event, callback) {
    if (!this.#handlers.has(event)) this.#handlers.set(event, new Set());
    this.#handlers.get(event).add(callback);
    return () => this.#handlers.get(event).delete(callback);
  }

  onState(callback) {
    this.#watchers.add(callback);
    callback(this.state);
  }

  // Gets the milliseconds to the server and back, now and then.
  onRoundTrip(callback) {
    this.#stopwatches.add(callback);
  }

  // False where nothing was sent: while away nothing is, and nothing is kept for later.
  emit(event, data) {
    if (this.state.name !== "connected") return false;
    this.#socket.send(JSON.stringify(data === undefined ? { event } : { event, data }));
    return true;
  }

  open() {
    this.#clearTimers();
    this.#become({ name: "connecting" });
    const socket = new WebSocket(this.#url);
    let opened = false;
    this.#socket = socket;
    socket.onopen = () => {
      opened = true;
      this.#become({ name: "connected" });
      this.#after(STABLE, () => { this.#attempt = 0; });
      this.#after(FIRST_PING, () => this.#ping());
    };
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onclose = async () => {
      if (socket !== this.#socket) return;
      const refused = !opened && await this.#isRefused();
      if (socket !== this.#socket) return;
      if (refused) this.#become({ name: "refused" });
      else this.#retryLater();
    };
  }

  // At once, in place of when the pause is over.
  reconnectNow() {
    if (this.state.name === "away") this.open();
  }

  #receive(text) {
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return;  // not ours
    }
    for (const callback of this.#handlers.get(message?.event) ?? []) callback(message.data);
  }

  // A browser does not tell a page why an upgrade failed, so it asks for itself.
  async #isRefused() {
    try {
      return (await fetch("/", { cache: "no-store" })).status === 403;
    } catch {
      return false;
    }
  }

  #retryLater() {
    const pause = Math.random() * Math.min(CAP, BASE * 2 ** this.#attempt++);
    this.#clearTimers();
    this.#become({ name: "away", retryAt: Date.now() + pause });
    this.#after(pause, () => this.open());
  }

  // Pages see no protocol pings; this one tells the time there and back, and finds a dead connection.
  #pingedAt = 0;
  #pongDeadline = 0;

  #ping() {
    this.#pingedAt = performance.now();
    this.emit("$ping");
    this.#pongDeadline = this.#after(PONG_WITHIN, () => this.#lose());
  }

  #ponged() {
    clearTimeout(this.#pongDeadline);
    for (const stopwatch of this.#stopwatches) stopwatch(performance.now() - this.#pingedAt);
    this.#after(PING_EVERY, () => this.#ping());
  }

  // Closing a dead connection takes its time, so it is not waited for.
  #lose() {
    const socket = this.#socket;
    this.#socket = null;
    socket.close();
    this.#retryLater();
  }

  #become(state) {
    this.state = state;
    for (const watcher of this.#watchers) watcher(state);
  }

  #after(pause, callback) {
    const timer = setTimeout(() => { this.#timers.delete(timer); callback(); }, pause);
    this.#timers.add(timer);
    return timer;
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
