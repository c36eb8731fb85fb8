// The client of npm's ws against our server, without and with permessage-deflate.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import WebSocket from "ws";
import { bound, main, step, url } from "./checks.mjs";

async function open(deflate) {
  const socket = new WebSocket(url, { perMessageDeflate: deflate });
  await once(socket, "open");
  assert.equal(socket.extensions, deflate ? "permessage-deflate" : "");
  return socket;
}

async function echo(socket, sent) {
  socket.send(sent);
  const [back, isBinary] = await once(socket, "message");
  assert.equal(isBinary, typeof sent !== "string");
  assert.ok(back.equals(Buffer.from(sent)), `${back.length} octets came back, not the ${sent.length} sent`);
}

async function expectClose(socket, code) {
  const [came] = await once(socket, "close");
  assert.equal(came, code);
}

await main(async () => {
  for (const deflate of [false, true]) {
    const how = deflate ? "deflate" : "plain";
    const socket = await open(deflate);
    await step(`${how}: text and binary come back`, async () => {
      for (const text of ["", "hello", "\u00e9\u20ac\u{1F600}".repeat(1000)]) await echo(socket, text);
      for (const size of [0, 1, 125, 126, 65535, 65536]) await echo(socket, randomBytes(size));
    });
    await step(`${how}: a ping is answered`, async () => {
      for (const payload of ["", "who is there?", "x".repeat(125)]) {
        socket.ping(payload);
        assert.equal(String((await once(socket, "pong"))[0]), payload);
      }
    });
    await step(`${how}: fragments are one message`, async () => {
      socket.send("in ", { fin: false });
      socket.send("two", { fin: true });
      assert.equal(String((await once(socket, "message"))[0]), "in two");
    });
    await step(`${how}: a thousand messages keep their order`, async () => {
      const came = [];
      const all = new Promise((resolve) => socket.on("message", (data) => {
        if (came.push(Number(data)) === 1000) resolve();
      }));
      for (let number = 0; number < 1000; ++number) socket.send(String(number));
      await all;
      socket.removeAllListeners("message");
      assert.deepEqual(came, Array.from(came.keys()));
    });
    await step(`${how}: large messages come back`, async () => {
      await echo(socket, randomBytes(bound - 100));
      await echo(socket, "z".repeat(bound));
    });
    await step(`${how}: the code of a close comes back`, async () => {
      socket.close(4001, "bye");
      await expectClose(socket, 4001);
    });
    await step(`${how}: a message over the bound is 1009`, async () => {
      const other = await open(deflate);
      other.on("error", () => {});    // the server may end TCP while we still send
      other.send(randomBytes(bound + 1));
      await expectClose(other, 1009);
    });
  }
});
