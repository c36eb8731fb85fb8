// Events over a WebSocket that comes back when it was lost. The wire and its rules are PROTOCOL.md's.

const defaults = { // in milliseconds, messages and bytes
  autoConnect: true, protocols: [],
  baseDelay: 500, maxDelay: 30_000, stableAfter: 30_000,
  connectTimeout: 10_000, requestTimeout: 10_000,
  pingAfter: 25_000, deadAfter: 45_000,
  maxRequests: 1024, maxQueued: 256, maxQueuedBytes: 1024 ** 2, maxBufferedBytes: 4 * 1024 ** 2,
  onError: (error) => globalThis.reportError?.(error), // which Node lacks
};
const realClock = { // wrapped: a browser's timers refuse to be methods of other objects
  now: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer),
  random: Math.random,
};

const FINAL_CODES = [1000, 1002, 1003, 1007, 1008, 1009, 3000, 3003]; // they would only come again
const EAGER_GAP = 1000; // ms; a network may come and go in a storm
const ANY = Symbol("any"), STATE = Symbol("state"); // no event has these names

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true });
const sizeOf = (payload) => payload.byteLength ?? encoder.encode(payload).length;
const isName = (event) => typeof event === "string" && event !== "" && sizeOf(event) <= 256;
const isReserved = (event) => event === "connect" || event === "disconnect" || event.startsWith("$");
const isId = (id) => (typeof id === "string" ? sizeOf(id) <= 64 : Number.isSafeInteger(id) && id >= 0);
const textOf = (value) => (typeof value === "string" ? value : "");
const problem = (code, more) => Object.assign(new Error(code.replaceAll("_", " ")), { code }, more);

// Half a surrogate pair is no Unicode: peers refuse the escape that JSON.stringify makes of it.
const toJson = (envelope) => JSON.stringify(envelope)
  .replace(/\\(?:ud[89a-f]..|.)/g, (escape) => (escape.length > 2 ? "\ufffd" : escape));

function write(event, data, id) {
  if (isName(event) && !isReserved(event)) return toJson({ event, id, data: data ?? undefined });
  throw Object.assign(new TypeError("empty, reserved or overlong event name"), { code: "invalid_event" });
}

function read(frame) {
  if (typeof frame === "string") return [JSON.parse(frame)];
  const all = new Uint8Array(frame), border = all.indexOf(0); // JSON holds no NUL
  if (border < 0) return [JSON.parse(decoder.decode(all))];
  return [JSON.parse(decoder.decode(all.subarray(0, border))), all.subarray(border + 1)];
}

// What a callback throws or returns to answer with an error; of any other error the peer learns nothing.
export class Failure extends Error {
  constructor(code, message = code, path) {
    super(message);
    Object.assign(this, { name: "Failure", code, path });
  }
}

export class Client {
  #url; #clock; #WebSocket;
  #options = {};
  #listeners = new Map(); // event → Set of { callback, once }
  #requests = new Map(); // id → { message, settle }
  #lastId = 0; // never starts anew: a late answer must meet no other request
  #queue = new Set(); // messages made while away
  #status = { state: "closed", attempt: 0, delay: 0 };
  #attempt = 0;
  #socket = null;
  #timer; // of the attempt, the pause or the heartbeat, whichever is on
  #dialledAt; #redialAt; #openedAt; #heardAt;
  #pings; // since anything was heard
  #sent; #gone; #backlog; // bytes: all that was sent; what had left, and had to, at the last beat

  constructor(url, options = {}) {
    this.#url = new URL(url, globalThis.location?.href);
    this.#url.protocol = this.#url.protocol.replace("http", "ws");
    for (const name in defaults) this.#options[name] = options[name] ?? defaults[name];
    this.#clock = { ...realClock, ...options.clock };
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (this.#options.autoConnect) this.connect();
  }

  get state() { return this.#status.state; }
  on(event, callback) { return this.#add(event, { callback }); }
  once(event, callback) { return this.#add(event, { callback, once: true }); }
  onAny(callback) { return this.#add(ANY, { callback }); }
  onState(callback) {
    const listener = { callback }, remove = this.#add(STATE, listener);
    this.#call(STATE, listener, this.#status); // at once, so that a view can draw itself
    return remove;
  }
  off(event, callback) {
    const takesAll = arguments.length === 1; // an undefined callback is a slip, not a wish
    this.#find(event).filter((one) => takesAll || one.callback === callback).forEach((one) => this.#remove(event, one));
  }

  emit(event, data) { return !this.#submit({ payload: write(event, data) }); }
  emitVolatile(event, data) { return !this.#submit({ payload: write(event, data) }, true); }
  emitBinary(event, data, bytes) {
    const head = encoder.encode(`${write(event, data)}\0`), payload = new Uint8Array(head.length + bytes.byteLength);
    payload.set(head);
    payload.set(new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset, bytes.byteLength), head.length);
    return !this.#submit({ payload });
  }

  request(event, data, { timeout = this.#options.requestTimeout, signal } = {}) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId, message = { payload: write(event, data, id) };
      let timer;
      const settle = (error, reply) => {
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
        this.#requests.delete(id);
        this.#queue.delete(message);
        if (error) reject(error); else resolve(reply);
      };
      const cancel = () => settle(problem("cancelled", { cause: signal.reason }));
      if (signal?.aborted) return cancel();
      const refusal = this.#requests.size < this.#options.maxRequests ? this.#submit(message) : "too_many_requests";
      if (refusal) return settle(problem(refusal));
      this.#requests.set(id, { message, settle });
      timer = this.#after(timeout, () => settle(problem("timed_out")));
      signal?.addEventListener("abort", cancel);
    });
  }

  connect() { if (this.state === "closed" || this.state === "waiting") this.#dial(); } // which cuts a pause short
  close(code = 1000, text = "") { if (this.state !== "closed") this.#quit("local_close", code, text); }

  #find(event) { return [...(this.#listeners.get(event) ?? [])]; }
  #add(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    const isLate = event === "connect" && this.state === "open"; // and is told all the same
    if (isLate) queueMicrotask(() => this.state === "open" && this.#call(event, listener));
    return () => this.#remove(event, listener);
  }
  #remove(event, listener) {
    if (this.#listeners.get(event)?.delete(listener) && !this.#find(event).length) this.#listeners.delete(event);
  }
  #tell(socket, event, data, message) { // until one of them ends the connection
    return this.#find(event).map((listener) => socket === this.#socket && this.#call(event, listener, data, message));
  }
  #call(event, listener, data, message) {
    const outcome = (async () => { // async, so that a throw stops nobody else
      if (!this.#listeners.get(event)?.has(listener)) return; // removed by one before it
      if (listener.once) this.#remove(event, listener);
      return listener.callback(data, message);
    })();
    if (message?.id === undefined) outcome.catch(this.#options.onError);
    return outcome;
  }

  // Sends or queues; else tells why not.
  #submit(message, isVolatile) {
    const { maxQueued, maxQueuedBytes, maxBufferedBytes } = this.#options;
    const size = (message.size = sizeOf(message.payload));
    const isOpen = this.state === "open" && this.#socket.readyState === 1; // a closing socket swallows what it is given
    if (this.state === "closed" || (isVolatile && !isOpen)) return "closed";
    const bound = isOpen ? maxBufferedBytes : maxQueuedBytes;
    const waiting = isOpen ? this.#socket.bufferedAmount : [...this.#queue].reduce((sum, one) => sum + one.size, 0);
    if (size > bound) return "too_large";
    if (waiting && waiting + size > bound / (isVolatile ? 4 : 1)) return "queue_full";
    if (!isOpen && this.#queue.size >= maxQueued) return "queue_full";
    if (isOpen) this.#send(message.payload, size); else this.#queue.add(message);
  }
  #send(payload, size = sizeOf(payload)) {
    this.#sent += size;
    this.#socket.send(payload);
  }

  #receive(socket, frame) {
    this.#heardAt = this.#clock.now();
    this.#pings = 0;
    let envelope, bytes;
    try { [envelope, bytes] = read(frame); } catch (cause) { return this.#options.onError(problem("bad_json", { cause })); }
    const { event, id, data = null, error } = envelope ?? {};
    if (event === "$ack") return this.#resolve(id, data, error);
    if (!isName(event) || (id !== undefined && !isId(id))) return this.#options.onError(problem("bad_message"));
    if (event === "$pong") return;
    if (event === "$ping") return this.#send('{"event":"$pong"}');

    const message = { event, id, bytes }, reserved = isReserved(event);
    if (reserved) this.#options.onError(problem("reserved_event"));
    const outcomes = reserved ? [] : [...this.#tell(socket, event, data, message), ...this.#tell(socket, ANY, data, message)];
    if (!outcomes.length) outcomes.push(new Failure(reserved ? "reserved_event" : "unknown_event"));
    if (id !== undefined) this.#answer(socket, id, outcomes);
  }

  // The first value is the reply, unless anybody threw.
  async #answer(socket, id, outcomes) {
    let reply;
    try {
      const data = (await Promise.all(outcomes)).find((value) => value !== undefined);
      if (data instanceof Failure) throw data;
      reply = toJson({ event: "$ack", id, data: data ?? undefined });
    } catch (error) {
      const isMeant = error instanceof Failure;
      if (!isMeant) this.#options.onError(error);
      const { code, message, path } = isMeant ? error : new Failure("internal", "the handler failed");
      reply = toJson({ event: "$ack", id, error: { code, message, path } });
    }
    if (socket === this.#socket) this.#send(reply); // its id means nothing elsewhere
  }

  #resolve(id, data, error) {
    const request = this.#requests.get(id); // none where it comes late
    if (error == null) return request?.settle(null, data);
    const failure = new Failure(textOf(error.code), textOf(error.message), error.path);
    request?.settle(problem("remote_error", { failure, message: failure.message }));
  }

  #after(delay, callback) { return this.#clock.setTimeout(callback, Math.min(delay, 2 ** 31 - 1)); } // more is 0 to it
  #next(delay, callback) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#after(delay, callback);
  }

  #become(state, delay = 0, why) {
    const wasOpen = this.state === "open", status = (this.#status = { state, attempt: this.#attempt, delay });
    if (state === "open") this.#tell(this.#socket, "connect");
    if (wasOpen) for (const one of this.#find("disconnect")) this.#call("disconnect", one, why);
    for (const one of this.#find(STATE)) if (status === this.#status) this.#call(STATE, one, status); // or told already
  }

  #dial() {
    const socket = new this.#WebSocket(this.#url, this.#options.protocols);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#receive(socket, data);
    socket.onclose = ({ code, reason }) => this.#end(code === 1006 ? "transport_error" : "peer_close", code, reason);
    socket.onerror = () => { // `close` follows and knows more; but after a failed attempt Node 22 has none (undici #3546)
      if (socket === this.#socket && this.state === "connecting") this.#end("transport_error", 1006, "");
    };
    this.#socket = socket;
    this.#dialledAt = this.#clock.now();
    this.#next(this.#options.connectTimeout, () => this.#quit("timeout"));
    this.#watch("addEventListener");
    this.#become("connecting");
  }

  #opened() {
    this.#openedAt = this.#heardAt = this.#clock.now();
    this.#pings = this.#sent = this.#gone = this.#backlog = 0;
    for (const { payload, size } of this.#queue) this.#send(payload, size);
    this.#queue.clear();
    this.#beat();
    this.#become("open");
  }

  // Pages see no protocol pings. A timer that is late, since the page was hidden or frozen, comes before the messages
  // that wait for it; therefore two pings must fail, each in its own time.
  #beat() {
    const { pingAfter } = this.#options, quiet = this.#clock.now() - this.#heardAt;
    const gone = this.#sent - this.#socket.bufferedAmount, isUploading = Math.min(gone, this.#backlog) > this.#gone;
    [this.#gone, this.#backlog] = [gone, this.#sent];
    if (isUploading && this.#pings === 2) this.#pings = 1; // it waits behind that
    if (this.#pings === 2) this.#quit("heartbeat_timeout");
    else if (this.#pings === 1 || quiet >= pingAfter) this.#ping();
    else this.#next(pingAfter - quiet, () => this.#beat());
  }
  #ping() {
    this.#pings++;
    this.#send('{"event":"$ping"}');
    this.#next((this.#options.deadAfter - this.#options.pingAfter) / 2, () => this.#beat());
  }

  #quit(reason, code = 3008, text = "") {
    this.#socket?.close(code, text);
    this.#end(reason, code, text); // at once: the dead are slow to close
  }
  // Of a connection, or of an attempt at one.
  #end(reason, code, text) {
    const { baseDelay, maxDelay, stableAfter } = this.#options;
    const why = { reason, code, text, by_peer: reason === "peer_close" };
    const isFinal = reason === "local_close" || FINAL_CODES.includes(code);
    if (this.#socket) this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = this.#socket = null;
    if (isFinal) this.#queue.clear();
    for (const { message, settle } of this.#requests.values()) if (!this.#queue.has(message)) settle(problem("closed"));
    if (isFinal) {
      this.#clock.clearTimeout(this.#timer);
      this.#watch("removeEventListener");
      return this.#become("closed", 0, why);
    }
    if (this.state === "open" && this.#clock.now() - this.#openedAt >= stableAfter) this.#attempt = 0;
    this.#pause(this.#clock.random() * Math.min(maxDelay, baseDelay * 2 ** this.#attempt++), why);
  }
  #pause(delay, why) {
    this.#redialAt = this.#clock.now() + delay;
    this.#next(delay, () => this.#dial());
    this.#become("waiting", delay, why);
  }

  #watch(verb) {
    globalThis[verb]?.("online", this.#hurry);
    globalThis.document?.[verb]("visibilitychange", this.#hurry);
  }
  #hurry = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    if (this.state === "open" && !this.#pings && isFinite(this.#options.pingAfter)) this.#ping(); // it may be dead
    if (this.state !== "waiting") return;
    const now = this.#clock.now(), delay = Math.max(0, this.#dialledAt + EAGER_GAP - now);
    if (now + delay < this.#redialAt) this.#pause(delay);
  };
}
