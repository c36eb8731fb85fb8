// Tests the client of the npm package ws against the library's server, without and with permessage-deflate.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import WebSocket from "ws";
import { main, maxMessageBytes, step, url } from "./checks.mjs";

async function open(deflate) {
  const socket = new WebSocket(url, { perMessageDeflate: deflate });
  await once(socket, "open");
  assert.equal(socket.extensions, deflate ? "permessage-deflate" : "");
  return socket;
}

async function echo(socket, sent) {
  socket.send(sent);
  const [echoed, isBinary] = await once(socket, "message");
  assert.equal(isBinary, typeof sent !== "string");
  assert.ok(echoed.equals(Buffer.from(sent)), `sent ${sent.length} bytes, but ${echoed.length} came back`);
}

async function expectClose(socket, code) {
  const [received] = await once(socket, "close");
  assert.equal(received, code);
}

await main(async () => {
  for (const deflate of [false, true]) {
    const mode = deflate ? "deflate" : "plain";
    const socket = await open(deflate);
    await step(`${mode}: text and binary messages are echoed`, async () => {
      for (const text of ["", "hello", "\u00e9\u20ac\u{1F600}".repeat(1000)]) await echo(socket, text);
      for (const size of [0, 1, 125, 126, 65535, 65536]) await echo(socket, randomBytes(size));
    });
    await step(`${mode}: a ping is answered`, async () => {
      for (const payload of ["", "payload", "x".repeat(125)]) {
        socket.ping(payload);
        assert.equal(String((await once(socket, "pong"))[0]), payload);
      }
    });
    await step(`${mode}: a fragmented message is echoed as one message`, async () => {
      socket.send("in ", { fin: false });
      socket.send("two", { fin: true });
      assert.equal(String((await once(socket, "message"))[0]), "in two");
    });
    await step(`${mode}: a thousand messages keep their order`, async () => {
      const received = [];
      const all = new Promise((resolve) => socket.on("message", (data) => {
        if (received.push(Number(data)) === 1000) resolve();
      }));
      for (let number = 0; number < 1000; ++number) socket.send(String(number));
      await all;
      socket.removeAllListeners("message");
      assert.deepEqual(received, Array.from(received.keys()));
    });
    await step(`${mode}: large messages are echoed`, async () => {
      await echo(socket, randomBytes(maxMessageBytes - 100));
      await echo(socket, "z".repeat(maxMessageBytes));
    });
    await step(`${mode}: the close code comes back`, async () => {
      socket.close(4001, "bye");
      await expectClose(socket, 4001);
    });
    await step(`${mode}: a message over the bound is closed with 1009`, async () => {
      const other = await open(deflate);
      other.on("error", () => {});    // the server may close the TCP connection while we still send
      other.send(randomBytes(maxMessageBytes + 1));
      await expectClose(other, 1009);
    });
  }
});
