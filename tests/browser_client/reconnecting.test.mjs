// Tests how the client reconnects.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setUp, setUpOpen } from "./support.mjs";

// Fakes the page's window and document, which Node does not have.
function makePage(t, { hidden = false } = {}) {
  const page = new EventTarget(), document = Object.assign(new EventTarget(), { hidden });
  for (const target of [page, document]) {
    const registered = new Set(), { addEventListener, removeEventListener } = target;
    target.addEventListener = (...args) => { registered.add(args[0]); addEventListener.apply(target, args); };
    target.removeEventListener = (...args) => { registered.delete(args[0]); removeEventListener.apply(target, args); };
    Object.defineProperty(target, "count", { get: () => registered.size });
  }
  const globals = { document, addEventListener: page.addEventListener, removeEventListener: page.removeEventListener };
  Object.assign(globalThis, globals);
  t.after(() => { for (const name in globals) delete globalThis[name]; });
  return {
    online: () => page.dispatchEvent(new Event("online")),
    show(visible) {
      document.hidden = !visible;
      document.dispatchEvent(new Event("visibilitychange"));
    },
    get listeners() { return page.count + document.count; },
  };
}

test("a final close code closes the client; every other code is followed by another attempt", () => {
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

test("the reconnection delay is random(0, min(30 s, 0.5 s · 2^attempt))", () => {
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

test("the reconnection delay stays bounded after thousands of attempts", () => {
  const { sockets, clock, states } = setUp();
  for (let count = 0; count < 2000; ++count) {
    sockets.at(-1).drop();
    assert.ok(states.at(-1).delay <= 15_000);
    clock.advance(states.at(-1).delay);
  }
  assert.equal(sockets.length, 2001);
});

test("baseDelay and maxDelay set the range of the reconnection delay", () => {
  const { sockets, clock, states } = setUp({ baseDelay: 10, maxDelay: 35 });
  clock.fraction = 1;
  const delays = [1, 2, 3, 4].map(() => {
    sockets.at(-1).drop();
    clock.advance(states.at(-1).delay);
    return states.at(-2).delay;
  });
  assert.deepEqual(delays, [10, 20, 35, 35]);
});

test("only a connection of 30 s resets the attempt count", () => {
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

test("time spent disconnected does not count as a stable connection", () => {
  const { sockets, clock, states } = setUpOpen();
  for (let attempt = 1; attempt < 12; ++attempt) {
    sockets.at(-1).drop();
    assert.equal(states.at(-1).attempt, attempt);
    clock.advance(states.at(-1).delay);
  }
  assert.ok(clock.now() > 30_000);
});

test("an attempt that takes 10 s fails, and its late success is ignored", () => {
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

test("an attempt that ends with an error and without a close, as in Node 22, fails once", () => {
  const { client, sockets, clock } = setUp();
  sockets[0].onerror();
  assert.equal(client.state, "waiting");
  sockets[0].drop();
  clock.advance(250);
  assert.equal(sockets.length, 2);
  sockets[0].onerror();
  assert.equal(client.state, "connecting");
});

test("an error of an open connection is ignored, because the close event with the code follows", () => {
  const { client, socket } = setUpOpen(), seen = [];
  client.on("disconnect", ({ code }) => seen.push(code));
  socket.onerror();
  assert.equal(client.state, "open");
  socket.drop(1012);
  assert.deepEqual(seen, [1012]);
});

test("the connect timeout does not end an open connection", () => {
  const { client, socket, clock } = setUp();
  clock.advance(9_999);
  socket.accept();
  clock.advance(2);
  assert.equal(client.state, "open");
});

test("connect ends the reconnection delay, and the scheduled attempt is cancelled", () => {
  const { client, sockets, clock } = setUp();
  sockets[0].drop();
  client.connect();
  assert.equal(sockets.length, 2);
  clock.advance(9_000);
  assert.equal(sockets.length, 2);
});

test("an online event causes an attempt at once, and does not reset the attempt count", (t) => {
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

test("a page that becomes visible causes an attempt at once, and a page that becomes hidden does not", (t) => {
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

test("an online event causes an attempt in a hidden page too", (t) => {
  const page = makePage(t, { hidden: true }), { sockets, clock } = setUp({ baseDelay: 30_000 });
  sockets[0].drop();
  clock.advance(2_000);
  page.online();
  clock.advance(0);
  assert.equal(sockets.length, 2);
});

test("many page events cause only one attempt a second", (t) => {
  const page = makePage(t), { sockets, clock } = setUp({ baseDelay: 30_000 });
  for (let time = 0; time < 5_000; time += 10) {
    if (sockets.at(-1).readyState === 0) sockets.at(-1).drop();
    page.online();
    page.show(true);
    clock.advance(10);
  }
  assert.ok(sockets.length === 5 || sockets.length === 6, `${sockets.length} attempts in 5 s`);
});

test("a page event never makes the reconnection delay longer", (t) => {
  const page = makePage(t), { sockets, clock } = setUp();
  sockets[0].drop(); // the delay is 250 ms; a page event alone would allow an attempt only 1 s after the last one
  page.online();
  clock.advance(250);
  assert.equal(sockets.length, 2);
});

test("the page's event listeners are added once, and removed when the client is closed", (t) => {
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
