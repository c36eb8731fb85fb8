// Events over a WebSocket that reconnects. protocol.md describes the wire format and its rules.

const defaults = { // in milliseconds, messages and bytes
  autoConnect: true, protocols: [], baseDelay: 500, maxDelay: 30_000, stableAfter: 30_000,
  connectTimeout: 10_000, requestTimeout: 10_000, pingInterval: 25_000, idleTimeout: 45_000,
  maxRequests: 1024, maxQueued: 256, maxQueuedBytes: 1024 ** 2, maxBufferedBytes: 4 * 1024 ** 2,
  onError: (error) => globalThis.reportError?.(error), // Node has no reportError
};
const realClock = { // wrapped: a browser's timer functions throw if `this` is another object
  now: () => performance.now(),
  setTimeout: (callback, delay) => setTimeout(callback, delay),
  clearTimeout: (timer) => clearTimeout(timer),
  random: Math.random,
};

const FINAL_CODES = [1000, 1002, 1003, 1007, 1008, 1009, 3000, 3003]; // a new connection would end in the same way
const MIN_DIAL_INTERVAL = 1000, MAX_TIMER_DELAY = 2 ** 31 - 1; // ms
const ANY = Symbol("any"), STATE = Symbol("state"); // keys that equal no event name

const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { fatal: true });
const sizeOf = (payload) => payload.byteLength ?? encoder.encode(payload).length;
const isName = (event) => typeof event === "string" && event !== "" && sizeOf(event) <= 256;
const isReserved = (event) => event === "connect" || event === "disconnect" || event.startsWith("$");
const isId = (id) => (typeof id === "string" ? sizeOf(id) <= 64 : Number.isSafeInteger(id) && id >= 0);
const textOf = (value) => (typeof value === "string" ? value : "");
const makeError = (code, fields) => Object.assign(new Error(code.replaceAll("_", " ")), { code }, fields);

// JSON.stringify escapes a lone surrogate, which peers reject. Replaces it by U+FFFD.
const toJson = (envelope) => JSON.stringify(envelope)
  .replace(/\\(?:ud[89a-f]..|.)/g, (escape) => (escape.length > 2 ? "\ufffd" : escape));

function encode(event, data, id) {
  if (isName(event) && !isReserved(event)) return toJson({ event, id, data: data ?? undefined });
  throw Object.assign(new TypeError("empty, reserved or overlong event name"), { code: "invalid_event" });
}

function decode(frame) {
  if (typeof frame === "string") return [JSON.parse(frame)];
  const all = new Uint8Array(frame), end = all.indexOf(0); // JSON contains no NUL byte
  if (end < 0) return [JSON.parse(decoder.decode(all))];
  return [JSON.parse(decoder.decode(all.subarray(0, end))), all.subarray(end + 1)];
}

// A callback throws or returns it to answer with an error.
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
  #lastId = 0; // never reset: a late reply must match no other request
  #queue = new Set(); // messages to send after the next connect
  #status = { state: "closed", attempt: 0, delay: 0 };
  #attempt = 0;
  #socket = null;
  #timer; // of the attempt, the reconnection delay or the heartbeat
  #dialledAt; #redialAt; #openedAt; #receivedAt;
  #pings; // since the last received message
  #sent; // bytes passed to the socket
  #lastSent; #lastFlushed; // at the last heartbeat check: #sent, and the bytes that had left the socket's buffer

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
    this.#invoke(STATE, listener, this.#status); // at once, so that a view can show the current state
    return remove;
  }
  off(event, callback) {
    const removesAll = arguments.length === 1; // off(event, undefined) is a mistake and removes nothing
    for (const one of this.#listenersOf(event)) if (removesAll || one.callback === callback) this.#remove(event, one);
  }

  emit(event, data) { return !this.#submit({ payload: encode(event, data) }); }
  emitVolatile(event, data) { return !this.#submit({ payload: encode(event, data) }, true); }
  emitBinary(event, data, bytes) {
    const head = encoder.encode(`${encode(event, data)}\0`), payload = new Uint8Array(head.length + bytes.byteLength);
    payload.set(head);
    payload.set(new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset, bytes.byteLength), head.length);
    return !this.#submit({ payload });
  }

  request(event, data, { timeout = this.#options.requestTimeout, signal } = {}) {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId, message = { payload: encode(event, data, id) };
      let timer;
      const settle = (error, reply) => {
        this.#clock.clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
        this.#requests.delete(id);
        this.#queue.delete(message);
        if (error) reject(error); else resolve(reply);
      };
      const cancel = () => settle(makeError("cancelled", { cause: signal.reason }));
      if (signal?.aborted) return cancel();
      const failure = this.#requests.size < this.#options.maxRequests ? this.#submit(message) : "too_many_requests";
      if (failure) return settle(makeError(failure));
      this.#requests.set(id, { message, settle });
      timer = this.#startTimer(timeout, () => settle(makeError("timed_out")));
      signal?.addEventListener("abort", cancel);
    });
  }

  connect() { if (this.state === "closed" || this.state === "waiting") this.#dial(); }
  close(code = 1000, text = "") { if (this.state !== "closed") this.#abort("local_close", code, text); }

  #listenersOf(event) { return [...(this.#listeners.get(event) ?? [])]; }
  #add(event, listener) {
    if (!this.#listeners.has(event)) this.#listeners.set(event, new Set());
    this.#listeners.get(event).add(listener);
    const isLate = event === "connect" && this.state === "open"; // the listener is called nevertheless
    if (isLate) queueMicrotask(() => this.state === "open" && this.#invoke(event, listener));
    return () => this.#remove(event, listener);
  }
  #remove(event, listener) {
    if (this.#listeners.get(event)?.delete(listener) && !this.#listenersOf(event).length) this.#listeners.delete(event);
  }
  #dispatch(socket, event, ...args) { // until a callback ends the connection
    return this.#listenersOf(event).map((listener) => socket === this.#socket && this.#invoke(event, listener, ...args));
  }
  #invoke(event, listener, data, message) {
    const outcome = (async () => { // async: an exception does not stop the next callback
      if (!this.#listeners.get(event)?.has(listener)) return;
      if (listener.once) this.#remove(event, listener);
      return listener.callback(data, message);
    })();
    if (message?.id === undefined) outcome.catch(this.#options.onError);
    return outcome;
  }

  // Sends or queues, or returns an error code.
  #submit(message, isVolatile) {
    const { maxQueued, maxQueuedBytes, maxBufferedBytes } = this.#options, size = (message.size = sizeOf(message.payload));
    const isOpen = this.state === "open" && this.#socket.readyState === 1; // a closing socket drops messages
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
    this.#receivedAt = this.#clock.now();
    this.#pings = 0;
    let envelope, bytes;
    try { [envelope, bytes] = decode(frame); } catch (cause) { return this.#options.onError(makeError("bad_json", { cause })); }
    const { event, id, data = null, error } = envelope ?? {};
    if (event === "$ack") return this.#resolve(id, data, error);
    if (!isName(event) || (id !== undefined && !isId(id))) return this.#options.onError(makeError("bad_message"));
    if (event === "$pong") return;
    if (event === "$ping") return this.#send('{"event":"$pong"}');

    const message = { event, id, bytes }, reserved = isReserved(event);
    if (reserved) this.#options.onError(makeError("reserved_event"));
    const outcomes = reserved ? [] : [event, ANY].flatMap((key) => this.#dispatch(socket, key, data, message));
    if (!outcomes.length) outcomes.push(new Failure(reserved ? "reserved_event" : "unknown_event"));
    if (id !== undefined) this.#answer(socket, id, outcomes);
  }

  // Replies with the first value, or with an error if a callback threw.
  async #answer(socket, id, outcomes) {
    let reply;
    try {
      const data = (await Promise.all(outcomes)).find((value) => value !== undefined);
      if (data instanceof Failure) throw data;
      reply = toJson({ event: "$ack", id, data: data ?? undefined });
    } catch (error) {
      const isFailure = error instanceof Failure;
      if (!isFailure) this.#options.onError(error);
      const { code, message, path } = isFailure ? error : new Failure("internal", "the handler failed");
      reply = toJson({ event: "$ack", id, error: { code, message, path } });
    }
    if (socket === this.#socket) this.#send(reply); // an id is valid on its own connection only
  }

  #resolve(id, data, error) {
    const request = this.#requests.get(id);
    if (error == null) return request?.settle(null, data);
    const failure = new Failure(textOf(error.code), textOf(error.message), error.path);
    request?.settle(makeError("remote_error", { failure, message: failure.message }));
  }

  #startTimer(delay, callback) { return this.#clock.setTimeout(callback, Math.min(delay, MAX_TIMER_DELAY)); }
  #setTimer(delay, callback) {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#startTimer(delay, callback);
  }

  #setState(state, delay = 0, closeReason) {
    const wasOpen = this.state === "open", status = (this.#status = { state, attempt: this.#attempt, delay });
    if (state === "open") this.#dispatch(this.#socket, "connect");
    if (wasOpen) for (const one of this.#listenersOf("disconnect")) this.#invoke("disconnect", one, closeReason);
    // Stops if a callback changes the state.
    for (const one of this.#listenersOf(STATE)) if (status === this.#status) this.#invoke(STATE, one, status);
  }

  #dial() {
    const socket = new this.#WebSocket(this.#url, this.#options.protocols);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => this.#receive(socket, data);
    socket.onclose = ({ code, reason }) => this.#ended(code === 1006 ? "transport_error" : "peer_close", code, reason);
    socket.onerror = () => { // `close` follows, except after a failed attempt in Node 22 (undici #3546)
      if (socket === this.#socket && this.state === "connecting") this.#ended("transport_error", 1006, "");
    };
    this.#socket = socket;
    this.#dialledAt = this.#clock.now();
    this.#setTimer(this.#options.connectTimeout, () => this.#abort("timeout"));
    this.#watchPage("addEventListener");
    this.#setState("connecting");
  }

  #opened() {
    this.#openedAt = this.#receivedAt = this.#clock.now();
    this.#pings = this.#sent = this.#lastFlushed = this.#lastSent = 0;
    for (const { payload, size } of this.#queue) this.#send(payload, size);
    this.#queue.clear();
    this.#checkHeartbeat();
    this.#setState("open");
  }

  // A page cannot see ping frames, so the client sends `$ping`. After the page was frozen, a late timer runs before the
  // messages that have arrived, so the connection ends only after two pings without an answer.
  #checkHeartbeat() {
    const { pingInterval } = this.#options, silence = this.#clock.now() - this.#receivedAt;
    const flushed = this.#sent - this.#socket.bufferedAmount;
    const isUploading = Math.min(flushed, this.#lastSent) > this.#lastFlushed;
    [this.#lastFlushed, this.#lastSent] = [flushed, this.#sent];
    if (isUploading && this.#pings === 2) this.#pings = 1; // the ping waits behind the upload
    if (this.#pings === 2) this.#abort("heartbeat_timeout");
    else if (this.#pings === 1 || silence >= pingInterval) this.#ping();
    else this.#setTimer(pingInterval - silence, () => this.#checkHeartbeat());
  }
  #ping() {
    this.#pings++;
    this.#send('{"event":"$ping"}');
    this.#setTimer((this.#options.idleTimeout - this.#options.pingInterval) / 2, () => this.#checkHeartbeat());
  }

  #abort(reason, code = 3008, text = "") {
    this.#socket?.close(code, text);
    this.#ended(reason, code, text); // at once: a dead socket is slow to close
  }
  #ended(reason, code, text) { // a connection, or an attempt to connect
    const { baseDelay, maxDelay, stableAfter } = this.#options;
    const closeReason = { reason, code, text, by_peer: reason === "peer_close" };
    const isFinal = reason === "local_close" || FINAL_CODES.includes(code);
    if (this.#socket) this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = this.#socket = null;
    if (isFinal) {
      this.#queue.clear();
      this.#clock.clearTimeout(this.#timer);
      this.#watchPage("removeEventListener");
    }
    for (const { message, settle } of this.#requests.values()) if (!this.#queue.has(message)) settle(makeError("closed"));
    if (isFinal) return this.#setState("closed", 0, closeReason);
    if (this.state === "open" && this.#clock.now() - this.#openedAt >= stableAfter) this.#attempt = 0;
    this.#scheduleDial(this.#clock.random() * Math.min(maxDelay, baseDelay * 2 ** this.#attempt++), closeReason);
  }
  #scheduleDial(delay, closeReason) {
    this.#redialAt = this.#clock.now() + delay;
    this.#setTimer(delay, () => this.#dial());
    this.#setState("waiting", delay, closeReason);
  }

  #watchPage(verb) {
    globalThis[verb]?.("online", this.#onPageEvent);
    globalThis.document?.[verb]("visibilitychange", this.#onPageEvent);
  }
  #onPageEvent = ({ type }) => {
    if (type !== "online" && document.hidden) return;
    if (this.state === "open" && !this.#pings && isFinite(this.#options.pingInterval)) this.#ping();
    if (this.state !== "waiting") return;
    const now = this.#clock.now(), delay = Math.max(0, this.#dialledAt + MIN_DIAL_INTERVAL - now);
    if (now + delay < this.#redialAt) this.#scheduleDial(delay);
  };
}
