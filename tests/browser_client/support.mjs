// A fake clock and fake WebSockets, which a test controls.
import { Client } from "../../src/browser/client.js";

// Resolves after all pending promise callbacks have run.
export const settled = () => new Promise((resolve) => setImmediate(resolve));

export function makeClock() {
  let time = 0, lastId = 0;
  const timers = new Map();
  const next = () => [...timers].sort(([, a], [, b]) => a.due - b.due)[0];
  return {
    fraction: 0.5,
    now: () => time,
    random() { return this.fraction; },
    setTimeout(callback, delay) {
      const effective = delay > 2 ** 31 - 1 ? 1 : Math.max(0, delay); // as browsers and Node do
      timers.set(++lastId, { due: time + effective, callback });
      return lastId;
    },
    clearTimeout: (id) => void timers.delete(id),
    timers: () => timers.size,
    advance(milliseconds) {
      const end = time + milliseconds;
      for (let first = next(); first && first[1].due <= end; first = next()) {
        time = Math.max(time, first[1].due);
        timers.delete(first[0]);
        first[1].callback();
      }
      time = end;
    },
    // Simulates a frozen page or a sleeping machine: time passes, and afterwards all due timers run late.
    freeze(milliseconds) {
      time += milliseconds;
      this.advance(0);
    },
  };
}

const sizeOf = (payload) => payload.byteLength ?? Buffer.byteLength(payload);

// Returns a fake WebSocket class, and the list of its instances, oldest first.
export function makeSockets() {
  const sockets = [];
  class FakeWebSocket {
    readyState = 0;
    bufferedAmount = 0;
    isStuck = false; // if true, sent data stays in the buffer
    onopen = null;
    onmessage = null;
    onclose = null;
    onerror = null;
    sent = [];
    closed = null;

    constructor(url, protocols) {
      this.url = String(url);
      this.protocols = protocols;
      sockets.push(this);
    }

    // The interface for the page.
    send(payload) {
      if (this.readyState === 0) throw new DOMException("still connecting", "InvalidStateError");
      if (this.isStuck || this.readyState > 1) this.bufferedAmount += sizeOf(payload);
      if (this.readyState === 1) this.sent.push(payload);
    }
    close(code, reason) {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException("bad code", "InvalidAccessError");
      if (this.readyState > 1) return;
      this.readyState = 2;
      this.closed = { code, reason };
    }

    // Simulates the network and the peer.
    accept() {
      this.readyState = 1;
      this.onopen?.({ type: "open" });
    }
    receive(message) {
      const isFrame = typeof message === "string" || message instanceof ArrayBuffer;
      this.onmessage?.({ data: isFrame ? message : JSON.stringify(message) });
    }
    drop(code = 1006, reason = "") {
      this.readyState = 3;
      this.onclose?.({ code, reason });
    }

    get messages() { return this.sent.map((payload) => JSON.parse(payload)); }
    // Returns the messages that were sent since the last call.
    take() {
      const { messages } = this;
      this.sent.length = 0;
      return messages;
    }
  }
  return { sockets, WebSocket: FakeWebSocket };
}

// Returns a client with a fake clock, fake sockets, and lists of its errors and states.
export function setUp({ url = "ws://peer.test/ws", ...options } = {}) {
  const clock = makeClock(), { sockets, WebSocket } = makeSockets(), errors = [], states = [];
  clock.random = () => clock.fraction; // works without `this` too, because the client copies the function
  const onError = (error) => errors.push(error);
  const client = new Client(url, { clock, WebSocket, onError, ...options });
  client.onState((status) => states.push(status));
  return { client, clock, sockets, errors, states, get socket() { return sockets.at(-1); } };
}

export function setUpOpen(options) {
  const world = setUp(options);
  world.socket.accept();
  return world;
}

// Returns a binary message as a peer sends it.
export function binaryFrame(envelope, bytes) {
  const text = typeof envelope === "string" ? envelope : JSON.stringify(envelope);
  return Uint8Array.from(Buffer.concat([Buffer.from(text), Buffer.from([0]), Buffer.from(bytes)])).buffer;
}
