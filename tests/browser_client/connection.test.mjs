// The connection: its states, its ends, and how it comes back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp, setUpOpen, settled } from "./support.mjs";

const names = (states) => states.map(({ state }) => state);

// In place of the page's own, which Node lacks.
function makePage(t, { hidden = false } = {}) {
  const page = new EventTarget(), document = Object.assign(new EventTarget(), { hidden });
  for (const target of [page, document]) {
    const known = new Set(), { addEventListener, removeEventListener } = target;
    target.addEventListener = (...all) => { known.add(all[0]); addEventListener.apply(target, all); };
    target.removeEventListener = (...all) => { known.delete(all[0]); removeEventListener.apply(target, all); };
    Object.defineProperty(target, "count", { get: () => known.size });
  }
  const mine = { document, addEventListener: page.addEventListener, removeEventListener: page.removeEventListener };
  Object.assign(globalThis, mine);
  t.after(() => { for (const name in mine) delete globalThis[name]; });
  return {
    online: () => page.dispatchEvent(new Event("online")),
    show(visible) {
      document.hidden = !visible;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    get listeners() { return page.count + document.count; },
  };
}

test("a client dials when it is made, and is open when the peer accepts", () => {
  const { client, socket, states } = setUp();
  assert.equal(client.state, "connecting");
  socket.accept();
  assert.equal(client.state, "open");
  assert.deepEqual(states, [{ state: "connecting", attempt: 0, delay: 0 }, { state: "open", attempt: 0, delay: 0 }]);
});

test("without autoConnect it is closed until connect", () => {
  const { client, sockets } = setUp({ autoConnect: false });
  assert.equal(client.state, "closed");
  assert.equal(sockets.length, 0);
  client.connect();
  client.connect();
  assert.equal(sockets.length, 1);
  sockets[0].accept();
  client.connect();
  assert.equal(sockets.length, 1);
});

test("a relative URL belongs to the page, and http becomes ws", (t) => {
  t.after(() => delete globalThis.location);
  for (const [page, url, dialled] of [
    ["https://app.test/a/b?c#d", "/ws", "wss://app.test/ws"],
    ["http://app.test:81/a/b", "ws?room=1", "ws://app.test:81/a/ws?room=1"],
    ["http://app.test/", "wss://peer.test/ws", "wss://peer.test/ws"],
    ["http://app.test/", "https://peer.test", "wss://peer.test/"],
    ["http://app.test/", "//peer.test/ws", "ws://peer.test/ws"],
  ]) {
    globalThis.location = { href: page };
    const { socket } = setUp({ url });
    assert.equal(socket.url, dialled);
  }
});

test("a URL that is none throws where the client is made", () => {
  assert.throws(() => setUp({ url: "/relative to nothing" }), TypeError);
});

test("subprotocols are offered", () => {
  assert.deepEqual(setUp({ protocols: ["a", "b"] }).socket.protocols, ["a", "b"]);
});

test("an option that is undefined has its default", () => {
  const { client } = setUp({ autoConnect: undefined, maxQueued: undefined });
  assert.equal(client.state, "connecting");
  assert.equal(client.emit("x"), true);
});

test("connect and disconnect come once each, in pairs, and disconnect tells why", () => {
  const { client, sockets, clock } = setUp(), seen = [];
  client.on("connect", (data) => seen.push(["connect", data]));
  client.on("disconnect", (why) => seen.push(["disconnect", why]));
  sockets[0].drop(); // never open
  clock.advance(250);
  sockets[1].accept();
  sockets[1].drop();
  clock.advance(500);
  sockets[2].accept();
  sockets[2].drop(1001, "restart");
  assert.deepEqual(seen, [
    ["connect", undefined], ["disconnect", { reason: "transport_error", code: 1006, text: "", by_peer: false }],
    ["connect", undefined], ["disconnect", { reason: "peer_close", code: 1001, text: "restart", by_peer: true }],
  ]);
});

test("connect is told to whoever asks for it later, but not twice", async () => {
  const { client, socket, clock, sockets } = setUp(), seen = [];
  client.on("connect", () => {
    seen.push("early");
    client.once("connect", () => seen.push("from inside"));
  });
  socket.accept();
  client.on("connect", () => seen.push("late"));
  client.on("connect", () => seen.push("removed"))();
  assert.deepEqual(seen, ["early"]);
  await settled();
  assert.deepEqual(seen.splice(0), ["early", "from inside", "late"]);
  client.on("connect", () => seen.push("too late"));
  socket.drop();
  await settled();
  assert.deepEqual(seen, []);
  clock.advance(250);
  sockets[1].accept();
  assert.deepEqual(seen, ["early", "late", "too late"]);
});

test("close is final: it says goodbye, tells why at once, and does not come back", () => {
  const { client, sockets, clock, states } = setUpOpen(), seen = [];
  client.on("disconnect", (why) => seen.push(why));
  client.close(4001, "enough");
  assert.deepEqual(sockets[0].closed, { code: 4001, reason: "enough" });
  assert.equal(client.state, "closed");
  assert.deepEqual(seen, [{ reason: "local_close", code: 4001, text: "enough", by_peer: false }]);
  client.close();
  sockets[0].drop(4001);
  clock.advance(100_000);
  assert.equal(sockets.length, 1);
  assert.equal(seen.length, 1);
  assert.deepEqual(names(states), ["connecting", "open", "closed"]);
  assert.equal(clock.timers(), 0);
});

test("close with a code that pages may not send throws, and nothing has changed", () => {
  const { client, socket } = setUpOpen();
  assert.throws(() => client.close(1001), { name: "InvalidAccessError" });
  assert.equal(client.state, "open");
  assert.equal(client.emit("x"), true);
  assert.equal(socket.closed, null);
});

test("close works in every state, and the default code is 1000", () => {
  for (const prepare of [() => {}, ({ socket }) => socket.accept(), ({ socket }) => socket.drop()]) {
    const world = setUp();
    prepare(world);
    world.client.close();
    assert.equal(world.client.state, "closed");
    assert.equal(world.clock.timers(), 0);
    if (world.socket.closed) assert.equal(world.socket.closed.code, 1000);
  }
});

test("connect after close starts again, deaf to the connection before", () => {
  const { client, sockets } = setUpOpen(), seen = [];
  client.on("x", (data) => seen.push(data));
  client.close();
  client.connect();
  sockets[0].receive({ event: "x", data: "old" });
  sockets[0].drop();
  assert.equal(client.state, "connecting");
  sockets[1].accept();
  sockets[1].receive({ event: "x", data: "new" });
  assert.deepEqual(seen, ["new"]);
});

test("final close codes end it; every other is followed by another attempt", () => {
  const final = new Set([1000, 1002, 1003, 1007, 1008, 1009, 3000, 3003]);
  for (const code of [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 3001, 3003, 3008, 4000, 4999]) {
    const { client, socket, sockets, clock } = setUpOpen();
    client.emit("x");
    socket.drop(code);
    assert.equal(client.state, final.has(code) ? "closed" : "waiting", String(code));
    clock.advance(60_000);
    assert.equal(sockets.length > 1, !final.has(code), String(code));
  }
});

test("the pause is random(0, min(30 s, 0.5 s · 2^attempt))", () => {
  const ceilings = [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000];
  for (const fraction of [0, 0.25, 0.998]) {
    const { sockets, clock, states } = setUp();
    clock.fraction = fraction;
    for (const [index, ceiling] of ceilings.entries()) {
      sockets.at(-1).drop();
      assert.deepEqual(states.at(-1), { state: "waiting", attempt: index + 1, delay: fraction * ceiling });
      if (fraction > 0) clock.advance(fraction * ceiling - 1);
      assert.equal(sockets.length, index + 1);
      clock.advance(fraction > 0 ? 1 : 0);
      assert.equal(sockets.length, index + 2);
      assert.deepEqual(states.at(-1), { state: "connecting", attempt: index + 1, delay: 0 });
    }
  }
});

test("the pause stays bounded after thousands of attempts", () => {
  const { sockets, clock, states } = setUp();
  for (let count = 0; count < 2000; ++count) {
    sockets.at(-1).drop();
    assert.ok(states.at(-1).delay <= 15_000);
    clock.advance(states.at(-1).delay);
  }
  assert.equal(sockets.length, 2001);
});

test("base and cap of the pause are options", () => {
  const { sockets, clock, states } = setUp({ baseDelay: 10, maxDelay: 35 });
  clock.fraction = 1;
  const delays = [1, 2, 3, 4].map(() => {
    sockets.at(-1).drop();
    clock.advance(states.at(-1).delay);
    return states.at(-2).delay;
  });
  assert.deepEqual(delays, [10, 20, 35, 35]);
});

test("attempts count anew only after a connection of 30 s", () => {
  const lastAttempt = (lasted) => {
    const { sockets, socket, clock, states } = setUp();
    socket.drop();
    clock.advance(250);
    sockets[1].accept();
    clock.advance(lasted / 2);
    sockets[1].receive({ event: "$pong" });
    clock.advance(lasted / 2);
    sockets[1].drop();
    return states.at(-1).attempt;
  };
  assert.equal(lastAttempt(0), 2);
  assert.equal(lastAttempt(29_999), 2);
  assert.equal(lastAttempt(30_000), 1);
});

test("time that passes while away does not count as a stable connection", () => {
  const { sockets, clock, states } = setUpOpen();
  for (let attempt = 1; attempt < 12; ++attempt) {
    sockets.at(-1).drop();
    assert.equal(states.at(-1).attempt, attempt);
    clock.advance(states.at(-1).delay);
  }
  assert.ok(clock.now() > 30_000);
});

test("an attempt that takes 10 s is given up, and its late success is nobody's", () => {
  const { client, sockets, clock } = setUp();
  clock.advance(9_999);
  assert.equal(client.state, "connecting");
  clock.advance(1);
  assert.equal(client.state, "waiting");
  assert.notEqual(sockets[0].closed, null);
  sockets[0].accept();
  assert.equal(client.state, "waiting");
  clock.advance(250);
  assert.equal(sockets.length, 2);
});

test("an attempt that ends with an error and no close, as in Node 22, is over as well, once", () => {
  const { client, sockets, clock } = setUp();
  sockets[0].onerror();
  assert.equal(client.state, "waiting");
  sockets[0].drop();
  clock.advance(250);
  assert.equal(sockets.length, 2);
  sockets[0].onerror();
  assert.equal(client.state, "connecting");
});

test("the error of an open connection waits for its close, which knows more", () => {
  const { client, socket } = setUpOpen(), seen = [];
  client.on("disconnect", ({ code }) => seen.push(code));
  socket.onerror();
  assert.equal(client.state, "open");
  socket.drop(1012);
  assert.deepEqual(seen, [1012]);
});

test("a connection that was made in time is not given up by the attempt's timer", () => {
  const { client, socket, clock } = setUp();
  clock.advance(9_999);
  socket.accept();
  clock.advance(2);
  assert.equal(client.state, "open");
});

test("connect cuts a pause short, and the pause's own attempt is not made as well", () => {
  const { client, sockets, clock } = setUp();
  sockets[0].drop();
  client.connect();
  assert.equal(sockets.length, 2);
  clock.advance(9_000);
  assert.equal(sockets.length, 2);
});

test("a network that is back means an attempt at once, without forgetting the attempts", (t) => {
  const page = makePage(t), { sockets, clock, states } = setUp();
  for (let count = 0; count < 6; ++count) {
    sockets.at(-1).drop();
    clock.advance(states.at(-1).delay);
  }
  sockets.at(-1).drop();
  clock.advance(5_000);
  const { length } = sockets;
  page.online();
  clock.advance(0);
  assert.equal(sockets.length, length + 1);
  assert.equal(states.at(-1).attempt, 7);
  sockets.at(-1).drop();
  assert.equal(states.at(-1).delay, 15_000);
});

test("a page that is looked at again means an attempt at once; one that is hidden means none", (t) => {
  const page = makePage(t), { sockets, clock } = setUp({ baseDelay: 30_000 });
  sockets[0].drop();
  clock.advance(2_000);
  page.show(false);
  clock.advance(0);
  assert.equal(sockets.length, 1);
  page.show(true);
  clock.advance(0);
  assert.equal(sockets.length, 2);
});

test("the network's return counts in a hidden page too", (t) => {
  const page = makePage(t, { hidden: true }), { sockets, clock } = setUp({ baseDelay: 30_000 });
  sockets[0].drop();
  clock.advance(2_000);
  page.online();
  clock.advance(0);
  assert.equal(sockets.length, 2);
});

test("a storm of such events makes one attempt a second, and none is forgotten", (t) => {
  const page = makePage(t), { sockets, clock } = setUp({ baseDelay: 30_000 });
  for (let time = 0; time < 5_000; time += 10) {
    if (sockets.at(-1).readyState === 0) sockets.at(-1).drop();
    page.online();
    page.show(true);
    clock.advance(10);
  }
  assert.ok(sockets.length === 5 || sockets.length === 6, `${sockets.length} attempts in 5 s`);
});

test("such an event never makes a pause longer", (t) => {
  const page = makePage(t), { sockets, clock } = setUp();
  sockets[0].drop(); // 250 ms, though the next attempt on an event's account would be 1 s after the last
  page.online();
  clock.advance(250);
  assert.equal(sockets.length, 2);
});

test("the page is listened to until the client is closed, and not twice", (t) => {
  const page = makePage(t), { client, sockets, clock } = setUp({ baseDelay: 30_000 });
  assert.equal(page.listeners, 2);
  sockets[0].drop();
  clock.advance(2_000);
  page.online();
  clock.advance(0);
  page.online();
  assert.equal(sockets.length, 2);
  client.close();
  assert.equal(page.listeners, 0);
  client.connect();
  assert.equal(page.listeners, 2);
  sockets.at(-1).accept();
  sockets.at(-1).drop(1008);
  assert.equal(page.listeners, 0);
});

test("a callback of the state's is called at once, at each change, and no more once removed", () => {
  const { client, socket } = setUp(), seen = [];
  const remove = client.onState(({ state }) => seen.push(state));
  assert.deepEqual(seen, ["connecting"]);
  socket.accept();
  remove();
  socket.drop();
  assert.deepEqual(seen, ["connecting", "open"]);
});

test("a callback that changes the state leaves all with the newest, told in order", () => {
  const { client, socket, sockets, states } = setUp(), seen = [];
  client.onState(({ state }) => { if (state === "closed") client.connect(); });
  client.onState(({ state }) => seen.push(state));
  client.on("connect", () => client.close());
  socket.accept();
  assert.equal(client.state, "connecting");
  assert.equal(sockets.length, 2);
  assert.deepEqual(names(states), ["connecting", "closed", "connecting"]);
  assert.deepEqual(seen, ["connecting", "connecting"]);
});

test("disconnect sees the state that follows it, and may close or dial", () => {
  const { client, sockets, clock } = setUpOpen(), seen = [];
  client.once("disconnect", () => { seen.push(client.state); client.connect(); });
  sockets[0].drop();
  assert.deepEqual(seen, ["waiting"]);
  assert.equal(client.state, "connecting");
  sockets[1].accept();
  client.once("disconnect", () => client.close());
  sockets[1].drop();
  assert.equal(client.state, "closed");
  clock.advance(60_000);
  assert.equal(sockets.length, 2);
});

test("a constructor that throws is the caller's to see, and the client stays closed", () => {
  class Refusing { constructor() { throw new DOMException("no", "SecurityError"); } }
  const { client } = setUp({ autoConnect: false, WebSocket: Refusing });
  assert.throws(() => client.connect(), { name: "SecurityError" });
  assert.equal(client.state, "closed");
});
