// Imports the page's modules into Node, and provides a connection with a simulated network.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClock, makeSockets, settled } from "../../../browser_client/support.mjs";

const at = (path) => new URL(`../../../../${path}`, import.meta.url);
const files = at("examples/repl_terminal/page/");

// Copies the page to a folder in which its absolute imports are relative, and returns a function that imports a
// module. `stubs` are sources that replace modules.
export function makePage(stubs = {}) {
  const folder = mkdtempSync(join(tmpdir(), "page-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const put = (name, source) => writeFileSync(join(folder, name), source.replaceAll(' from "/', ' from "./'));
  for (const name of readdirSync(files)) if (name.endsWith(".js")) put(name, readFileSync(new URL(name, files), "utf8"));
  put("client.js", readFileSync(at("src/browser/client.js"), "utf8"));
  for (const [name, source] of Object.entries(stubs)) put(name, source);
  put("package.json", '{ "type": "module" }');
  return (name) => import(join(folder, name));
}

export const toasts = {
  "toasts.js": `export const shownToasts = [];
    export function toast(message, more = {}) {
      const one = { message, ...more };
      shownToasts.push(one);
      return () => { if (shownToasts.includes(one)) shownToasts.splice(shownToasts.indexOf(one), 1); };
    }`,
};

export async function connect(page) {
  const { Connection } = await page("connection.js");
  const clock = makeClock(), { sockets, WebSocket } = makeSockets();
  const connection = new Connection("ws://peer.test/ws", { clock, WebSocket });
  connection.open();
  const world = {
    connection, clock,
    get socket() { return sockets.at(-1); },
    // Returns the messages of an event that were sent since the last call.
    take: (event) => world.socket.take().filter((message) => message.event === event),
    receive: (event, data) => world.socket.receive({ event, data }),
    reply: ({ id }, data) => world.socket.receive({ event: "$ack", id, data }),
    refuse: ({ id }, message) => world.socket.receive({ event: "$ack", id, error: { code: "no", message } }),
    async reconnect() {
      world.socket.drop();
      await settled();
      clock.advance(30_000);
      world.socket.accept();
    },
  };
  world.socket.accept();
  return world;
}
