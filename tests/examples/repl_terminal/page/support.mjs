// The page's modules as Node takes them, and a connection whose network does what a test says.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClock, makeSockets } from "../../../browser_client/support.mjs";

const at = (path) => new URL(`../../../../${path}`, import.meta.url);
const files = at("examples/repl_terminal/page/");

// Imports modules from a copy of the page whose addresses are files. `stubs` are sources that take the place of some.
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
  "toasts.js": `export const told = [];
    export function toast(sentence, more = {}) {
      const one = { sentence, ...more };
      told.push(one);
      return () => { if (told.includes(one)) told.splice(told.indexOf(one), 1); };
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
    // What was sent of that name since it was last asked.
    take: (event) => world.socket.take().filter((message) => message.event === event),
    tell: (event, data) => world.socket.receive({ event, data }),
    reply: ({ id }, data) => world.socket.receive({ event: "$ack", id, data }),
    refuse: ({ id }, message) => world.socket.receive({ event: "$ack", id, error: { code: "no", message } }),
    comeBack() {
      world.socket.drop();
      clock.advance(30_000);
      world.socket.accept();
    },
  };
  world.socket.accept();
  return world;
}
