// Tests sent and received events: names, envelopes, callbacks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { binaryFrame, settled, setUp, setUpOpen } from "./support.mjs";

const text = (bytes) => new TextDecoder().decode(bytes);

test("an event is one compact text frame with its keys in order", () => {
  const { client, socket } = setUpOpen();
  assert.equal(client.emit("chat", { text: "hi" }), true);
  assert.deepEqual(socket.sent, ['{"event":"chat","data":{"text":"hi"}}']);
});

test("null or missing data is left out of the envelope; other empty values are not", () => {
  const { client, socket } = setUpOpen();
  for (const data of [undefined, null, false, 0, "", [], {}]) client.emit("x", data);
  assert.deepEqual(socket.sent, ['{"event":"x"}', '{"event":"x"}', '{"event":"x","data":false}', '{"event":"x","data":0}',
    '{"event":"x","data":""}', '{"event":"x","data":[]}', '{"event":"x","data":{}}']);
});

test("text of every Unicode plane arrives unchanged", () => {
  const { client, socket } = setUpOpen(), seen = [], planes = "ä€🌹\u0000\u2028\"\\\n";
  client.on(planes, (data) => seen.push(data));
  client.emit(planes, planes);
  assert.deepEqual(socket.take(), [{ event: planes, data: planes }]);
  socket.receive({ event: planes, data: planes });
  assert.deepEqual(seen, [planes]);
});

test("a lone surrogate becomes U+FFFD in keys, values and event names", () => {
  const { client, socket } = setUpOpen();
  client.emit("\ud83c", { "\udf39": "a\ud83c\ud83cb\udf39", whole: "🌹" });
  assert.deepEqual(socket.sent, ['{"event":"\ufffd","data":{"\ufffd":"a\ufffd\ufffdb\ufffd","whole":"🌹"}}']);
});

test("text that looks like an escape sequence is unchanged", () => {
  const { client, socket } = setUpOpen(), data = ["\\ud800", "\\\\ud800", "\\\\\\udfff", "\\", "\u0007\ud800\\ud800"];
  client.emit("x", data);
  assert.deepEqual(socket.messages[0].data, [...data.slice(0, 4), "\u0007\ufffd\\ud800"]);
});

test("a reserved, empty or overlong event name throws", async () => {
  const { client, socket } = setUpOpen(), expected = { name: "TypeError", code: "invalid_event" };
  for (const name of ["connect", "disconnect", "$ping", "$ack", "$mine", "", "x".repeat(257), "é".repeat(129), 7, undefined, null]) {
    assert.throws(() => client.emit(name), expected);
    assert.throws(() => client.emitVolatile(name), expected);
    assert.throws(() => client.emitBinary(name, null, new Uint8Array(1)), expected);
    await assert.rejects(client.request(name), expected);
  }
  assert.deepEqual(socket.sent, []);
});

test("an event name of 256 bytes is valid", () => {
  const { client, socket } = setUpOpen(), seen = [];
  for (const name of ["x".repeat(256), "é".repeat(128), "Connect", "a$", "error", "__proto__", "constructor"]) {
    client.on(name, () => seen.push(name));
    assert.equal(client.emit(name), true);
    socket.receive(socket.sent.at(-1));
    assert.equal(seen.at(-1), name);
  }
});

test("a callback gets the data, or null if there is none, and the message", () => {
  const { client, socket } = setUpOpen(), seen = [];
  client.on("x", (...args) => seen.push(args));
  socket.receive({ event: "x", data: [1] });
  socket.receive({ event: "x" });
  socket.receive({ event: "x", data: null, unknown: true });
  const message = { event: "x", id: undefined, bytes: undefined };
  assert.deepEqual(seen, [[[1], message], [null, message], [null, message]]);
});

test("if a key is duplicate, the last one counts", () => {
  const { client, socket } = setUpOpen(), seen = [];
  client.on("b", (data) => seen.push(data));
  socket.receive('{"event":"a","data":1,"event":"b","data":2}');
  assert.deepEqual(seen, [2]);
});

test("callbacks of one event run in the order of registration, and onAny callbacks run last", () => {
  const { client, socket } = setUpOpen(), order = [];
  client.onAny((data, { event }) => order.push(`any:${event}`));
  for (const name of ["first", "second", "third"]) client.on("x", () => order.push(name));
  socket.receive({ event: "x" });
  socket.receive({ event: "y" });
  assert.deepEqual(order, ["first", "second", "third", "any:x", "any:y"]);
});

test("onAny gets neither lifecycle events nor protocol messages", () => {
  const { client, socket } = setUp(), seen = [];
  client.onAny((data, { event }) => seen.push(event));
  socket.accept();
  socket.receive({ event: "$pong" });
  socket.receive({ event: "$ping" });
  socket.drop();
  assert.deepEqual(seen, []);
});

test("a once callback runs once, also if it causes the next message itself", () => {
  const { client, socket } = setUpOpen(), seen = [];
  client.once("x", (data) => { seen.push(data); socket.receive({ event: "x", data: data + 1 }); });
  socket.receive({ event: "x", data: 1 });
  assert.deepEqual(seen, [1]);
});

test("off removes one callback or all callbacks of an event, and no others", () => {
  const { client, socket } = setUpOpen(), seen = [], a = () => seen.push("a"), b = () => seen.push("b");
  client.on("x", a);
  client.once("x", a);
  client.on("x", b);
  client.on("y", b);
  client.off("x", a);
  socket.receive({ event: "x" });
  assert.deepEqual(seen.splice(0), ["b"]);
  client.off("x");
  socket.receive({ event: "x" });
  socket.receive({ event: "y" });
  assert.deepEqual(seen, ["b"]);
  client.off("unknown");
  client.off("unknown", a);
});

test("off with an undefined callback removes nothing", () => {
  const { client, socket } = setUpOpen(), seen = [];
  client.on("x", () => seen.push(1));
  client.off("x", undefined);
  socket.receive({ event: "x" });
  assert.deepEqual(seen, [1]);
});

test("the function that on returns removes only its own registration", () => {
  const { client, socket } = setUpOpen(), seen = [], callback = () => seen.push(1);
  const remove = client.on("x", callback);
  remove();
  client.on("x", callback);
  remove();
  socket.receive({ event: "x" });
  assert.deepEqual(seen, [1]);
});

test("a callback that an earlier callback removes is not called, and one that it adds gets the next message", () => {
  const { client, socket } = setUpOpen(), seen = [], late = () => seen.push("late");
  client.on("x", () => { client.off("x", removed); client.on("x", late); });
  const removed = () => seen.push("removed");
  client.on("x", removed);
  socket.receive({ event: "x" });
  assert.deepEqual(seen, []);
  socket.receive({ event: "x" });
  assert.deepEqual(seen, ["late"]);
});

test("after disconnect no more callbacks run for the connect or the message whose callback ended the connection", async () => {
  for (const trigger of ["connect", "x"]) {
    const { client, socket } = setUp(), seen = [];
    for (const name of ["connect", "x"]) {
      client.on(name, () => { seen.push(name); if (name === trigger) client.close(); });
      client.on(name, () => seen.push(`${name} again`));
    }
    client.onAny(() => seen.push("any"));
    client.on("disconnect", () => { seen.push("disconnect"); client.connect(); });
    client.on("disconnect", () => seen.push("disconnect again"));
    socket.accept();
    socket.receive({ event: "x" });
    await settled();
    const before = trigger === "connect" ? ["connect"] : ["connect", "connect again", "x"];
    assert.deepEqual(seen, [...before, "disconnect", "disconnect again"]);
  }
});

test("an exception of a callback is reported, and stops neither other callbacks nor the next message", async () => {
  const { client, socket, errors } = setUpOpen(), seen = [], sync = new Error("sync"), async = new Error("async");
  client.on("x", () => { throw sync; });
  client.on("x", () => Promise.reject(async));
  client.on("x", (data) => seen.push(data));
  socket.receive({ event: "x", data: 1 });
  socket.receive({ event: "x", data: 2 });
  assert.deepEqual(seen, [1, 2]);
  await settled();
  assert.equal(errors.length, 4);
  assert.deepEqual(new Set(errors), new Set([sync, async]));
});

test("without onError an error goes to reportError, if it exists", async (t) => {
  const reported = [];
  const { client, socket } = setUpOpen({ onError: undefined });
  client.on("x", () => { throw new Error("mine"); });
  socket.receive({ event: "x" });
  await settled();
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  socket.receive({ event: "x" });
  await settled();
  assert.deepEqual(reported, ["mine"]);
});

test("an invalid envelope is reported and not answered, and the connection stays open", () => {
  const { client, socket, errors } = setUpOpen(), seen = [];
  client.on("x", (data) => seen.push(data));
  const badJson = ["", "{", "x", "{\"event\":\"x\"}}", new ArrayBuffer(0),
    Uint8Array.from(Buffer.from('{"event":"x","data":"\xff"}', "latin1")).buffer, binaryFrame("{", [1])];
  const badMessages = [null, 1, "x", [], {}, { event: 1 }, { event: "" }, { event: "x".repeat(257) }, { event: "x", id: null },
    { event: "x", id: -1 }, { event: "x", id: 1.5 }, { event: "x", id: 2 ** 53 }, { event: "x", id: {} }, { event: "x", id: "i".repeat(65) }];
  for (const message of badJson) socket.receive(message);
  for (const message of badMessages) socket.receive(JSON.stringify(message));
  socket.receive({ event: "x", data: 1 });
  assert.deepEqual(errors.map(({ code }) => code), [...badJson.map(() => "bad_json"), ...badMessages.map(() => "bad_message")]);
  assert.deepEqual(seen, [1]);
  assert.deepEqual(socket.sent, []);
  assert.equal(client.state, "open");
});

test("a peer can send neither lifecycle events nor other reserved events", async () => {
  const { client, socket, errors } = setUpOpen(), seen = [];
  for (const name of ["connect", "disconnect", "$mine", "$ping", "$pong", "$ack"]) client.on(name, () => seen.push(name));
  await settled();
  assert.deepEqual(seen.splice(0), ["connect"]); // from the client itself
  for (const event of ["connect", "disconnect", "$mine"]) socket.receive({ event, id: event });
  for (const event of ["$pong", "$ack"]) socket.receive({ event, id: 1 });
  await settled();
  assert.deepEqual(seen, []);
  assert.deepEqual(errors.map(({ code }) => code), ["reserved_event", "reserved_event", "reserved_event"]);
  assert.deepEqual(socket.messages.map(({ event, id, error }) => [event, id, error.code]),
    [["$ack", "connect", "reserved_event"], ["$ack", "disconnect", "reserved_event"], ["$ack", "$mine", "reserved_event"]]);
});

test("a $ping is answered with $pong", () => {
  const { socket } = setUpOpen();
  socket.receive({ event: "$ping" });
  assert.deepEqual(socket.sent, ['{"event":"$pong"}']);
});

test("emitBinary sends the envelope, a NUL and the bytes, and copies the bytes at once", () => {
  const { client, socket } = setUpOpen(), bytes = Uint8Array.from([0, 1, 255]);
  assert.equal(client.emitBinary("file", { name: "ü" }, bytes), true);
  bytes.fill(9);
  const [frame] = socket.sent, head = '{"event":"file","data":{"name":"ü"}}\0';
  assert.equal(text(frame.subarray(0, -3)), head);
  assert.deepEqual([...frame.subarray(-3)], [0, 1, 255]);
});

test("the bytes may be a buffer, any view of a buffer, or empty", () => {
  const { client, socket } = setUpOpen(), { buffer } = Uint8Array.from([1, 2, 3, 4, 5, 6]);
  for (const bytes of [buffer, new Uint8Array(buffer, 1, 2), new Uint16Array(buffer, 2, 1), new DataView(buffer, 5), new ArrayBuffer(0)]) {
    client.emitBinary("b", null, bytes);
  }
  const tails = socket.sent.map((frame) => [...frame.subarray(frame.indexOf(0) + 1)]);
  assert.deepEqual(tails, [[1, 2, 3, 4, 5, 6], [2, 3], [3, 4], [6], []]);
  assert.throws(() => client.emitBinary("b", null), TypeError);
});

test("a binary message passes its bytes to the callback; a binary message of JSON only has none", () => {
  const { client, socket } = setUpOpen(), seen = [];
  assert.equal(socket.binaryType, "arraybuffer");
  client.on("b", (data, { bytes }) => seen.push([data, bytes && [...bytes]]));
  socket.receive(binaryFrame({ event: "b", data: "ü" }, [0, 123, 0]));
  socket.receive(binaryFrame({ event: "b" }, []));
  socket.receive(Uint8Array.from(Buffer.from('{"event":"b","data":1}')).buffer);
  assert.deepEqual(seen, [["ü", [0, 123, 0]], [null, []], [1, undefined]]);
});

test("data that JSON cannot represent throws and sends nothing", () => {
  const { client, socket } = setUpOpen(), cycle = {};
  cycle.cycle = cycle;
  assert.throws(() => client.emit("x", cycle), TypeError);
  assert.throws(() => client.emit("x", 1n), TypeError);
  assert.deepEqual(socket.sent, []);
});
