// The view of a shell: its acknowledgements, and the input that it sends.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, makePage, toasts } from "./support.mjs";

const page = makePage({
  ...toasts,
  "dialog.js": "export const ask = async () => true;",
  "terminal_screen.js": `export class TerminalScreen {
    ownSize = { cols: 80, rows: 24 };
    isReplaying = false;
    constructor() {
      const hear = () => {};
      this.terminal = { onData: hear, onBinary: hear, onTitleChange: hear, onResize: hear, attachCustomKeyEventHandler: hear };
    }
    write(data, whenDrawn) { whenDrawn(); }
    resize() {}
    writeMessage() {}
  }`,
});
const { Shells } = await page("shells.js");
const { ShellView } = await page("shell_view.js");
const { shownToasts } = await page("toasts.js");
globalThis.document = { addEventListener() {}, createElement: () => ({ dataset: {}, addEventListener() {} }) };

async function makeRunning() {
  const world = await connect(page);
  world.view = new ShellView(world.connection, new Shells(world.connection), { onChange() {} });
  const attached = world.view.attach();
  await new Promise(setImmediate);
  const [request] = world.take("requestTerminal");
  world.receive("terminalConnected", { sessionId: "one", tag: request.data.tag, cols: 80, rows: 24 });
  world.reply(request, {});
  await attached;
  world.output = (end) => world.receive("terminalOutput", { sessionId: "one", data: "x", end });
  return world;
}

test("drawn output is acknowledged during a large save", async () => {
  const { connection, socket, take, output } = await makeRunning();
  socket.isStuck = true;
  connection.request("updateContent", { patch: "x".repeat(2 * 1024 ** 2) }).catch(() => {});
  output(5);
  assert.deepEqual(take("terminalAck").map(({ data }) => data), [{ end: 5, sessionId: "one" }]);
});

test("an acknowledgement is retried until there is room to send it", async (t) => {
  const { connection, socket, take, output } = await makeRunning();
  const later = t.mock.method(globalThis, "setTimeout", () => {}).mock;
  socket.isStuck = true;
  connection.request("updateContent", { patch: "x".repeat(4 * 1024 ** 2 - 100) }).catch(() => {});
  output(5);
  assert.deepEqual(take("terminalAck"), []);
  later.calls[0].arguments[0]();
  assert.deepEqual(take("terminalAck"), []);
  socket.bufferedAmount = 0;
  later.calls[1].arguments[0]();
  assert.deepEqual(take("terminalAck").map(({ data }) => data.end), [5]);
  assert.equal(later.callCount(), 2);
});

test("a large paste is split between characters, and the rest is refused with a toast if there is no room", async () => {
  const { socket, take, view } = await makeRunning();
  const text = `${"x".repeat(16 * 1024 - 1)}🌹y`;
  view.type(text);
  const pieces = take("terminalInput").map(({ data }) => data.data);
  assert.deepEqual([pieces.length, pieces.join(""), pieces[1]], [2, text, "🌹y"]);
  socket.bufferedAmount = 2 * 1024 ** 2;
  view.type("y");
  assert.deepEqual(take("terminalInput"), []);
  assert.match(shownToasts.at(-1).message, /not sent/);
});

test("input while disconnected is refused and never sent", async () => {
  const world = await makeRunning();
  world.socket.drop();
  world.view.type("x");
  assert.match(shownToasts.at(-1).message, /^Not connected/);
  world.clock.advance(30_000);
  world.socket.accept();
  assert.deepEqual(world.take("terminalInput"), []);
});
