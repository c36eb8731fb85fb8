// The WebSocket of Debian's chromium against our server.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { bound, main, port, step, url } from "./checks.mjs";

// In the page: opens, and answers with what came to each of `messages`, then with the close.
async function talk({ url, messages, code }) {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const opened = await new Promise((resolve) => {
    socket.onopen = () => resolve(true);
    socket.onclose = () => resolve(false);
  });
  if (!opened) return { opened };
  const next = () => new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(data); });
  const same = (back, sent) => typeof sent === "string" ? back === sent
    : back instanceof ArrayBuffer && back.byteLength === sent.length && new Uint8Array(back).every((byte, at) => byte === sent[at]);
  const wrong = [];
  for (const { text, binary, size } of messages) {
    const sent = text !== undefined ? text.repeat(size) : Uint8Array.from({ length: size }, (_, at) => at * binary);
    const back = next();
    socket.send(sent);
    if (!same(await back, sent)) wrong.push(`${text ?? "binary"} x ${size}`);
  }
  const closed = new Promise((resolve) => { socket.onclose = (event) => resolve([event.code, event.wasClean]); });
  if (code) socket.close(code, "bye");
  else socket.send(new Uint8Array(messages.at(-1).size + 1));
  return { opened, wrong, extensions: socket.extensions, closed: await closed };
}

await main(async () => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);    // an error's page, but of the server's own origin
    await step("text, binary and large messages come back, and the close's code", async () => {
      const messages = [{ text: "", size: 0 }, { text: "\u00e9\u20ac\u{1F600}", size: 5000 }, { binary: 7, size: 0 },
                        { binary: 7, size: 70000 }, { text: "z", size: bound }, { binary: 251, size: bound - 100 }];
      const told = await page.evaluate(talk, { url, messages, code: 4001 });
      assert.deepEqual(told, { opened: true, wrong: [], extensions: "permessage-deflate", closed: [4001, true] });
    });
    await step("a message over the bound is 1009", async () => {
      const told = await page.evaluate(talk, { url, messages: [{ binary: 1, size: bound }] });
      assert.equal(told.closed[0], 1009);
    });
    await step("a page of another origin is refused", async () => {
      await page.goto(`http://localhost:${port}/`);
      const complaint = page.waitForEvent("console", { predicate: (said) => said.text().includes(url), timeout: 10_000 });
      assert.deepEqual(await page.evaluate(talk, { url, messages: [] }), { opened: false });
      assert.match((await complaint).text(), /403/);
    });
  } finally {
    await browser.close();
  }
});
