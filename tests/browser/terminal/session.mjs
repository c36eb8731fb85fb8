// Shared by all steps: starts the program on its own workspace and a browser, and provides helper functions.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectComplaints, launchBrowser, startProgram } from "../support.mjs";

const [program, folder, ...flags] = process.argv.slice(2);
export const screenshots = folder;
export const workspace = mkdtempSync(join(tmpdir(), "terminal-test-"));
export const onDisk = (name) => readFileSync(join(workspace, name), "utf8");
export const put = (name, content) => writeFileSync(join(workspace, name), content);
export const html = "<img src=x onerror=document.title='owned'>.txt";
const escape = "esc\x1b[31m\u202Egpj.exe";
for (const name of ["folder", "empty"]) mkdirSync(join(workspace, name));
mkdirSync(screenshots, { recursive: true });
put("folder/poem.txt", "roses 🌹\r\nviolets\r\n");
put("main.cpp", '#include <iostream>\n\n// Says hello.\nint main() {\n  for (int i = 0; i < 3; ++i) {\n    std::cout << "hello " << i << "\\n";\n  }\n  return 0;\n}\n');
put("notes.md", "# Notes\n\nA *terminal* in the browser.\n");
put("picture.bin", Buffer.from([0, 1, 2]));
put(html, "harmless");
put(escape, "harmless");

// HOME has no rc files, so the prompt is bash's default.
const environment = { ...process.env, HOME: workspace, SHELL: "/bin/bash", TOKEN_OF_THE_SERVER: "secret", LC_ALL: "C.UTF-8" };
export let server, exited, url;
// A restart uses the same port.
export async function start(...more) {
  ({ server, exited, url } = await startProgram(program, ["--port", url?.port ?? "0", "--workspace", workspace, ...more, ...flags], environment));
}
await start();

export const browser = await launchBrowser();
export const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", permissions: ["clipboard-read", "clipboard-write"] });
context.setDefaultTimeout(15_000);
export const page = await context.newPage();
export const complaints = [];
collectComplaints(page, complaints);
export let answers;  // the page's latest WebSocket
page.on("websocket", (socket) => { answers = socket; });

export const shellProcess = { id: 0 };  // of the shell in use

// Returns the text of the active terminal with its scrollback. Joins wrapped lines.
export const textOf = (which) => which.evaluate(() => {
  const { active } = window.terminals.active.terminal.buffer;
  let all = "";
  for (let at = 0; at < active.length; ++at) {
    const line = active.getLine(at);
    all += (line.isWrapped ? "" : "\n") + line.translateToString(true);
  }
  return all;
});

export async function until(what, condition, milliseconds = 15_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`Timed out waiting for ${what}; the terminal shows:${(await textOf(page)).trimEnd().slice(-500)}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
export const sees = (pattern, milliseconds, which = page) => until(String(pattern), async () => (await textOf(which)).match(pattern), milliseconds);
export const type = (line, which = page) => which.keyboard.type(line + "\n");
export const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
export const item = (name) => page.getByRole("treeitem", { name, exact: true });
export const row = (name) => page.locator(".row").getByText(name, { exact: true });
export const tab = (name) => page.locator("#editor-tabs").getByRole("tab", { name });
export const shells = page.locator("#terminal-tabs").getByRole("tab");
export const inMenu = (name) => page.getByRole("menuitem", { name });
export const toast = (words) => page.locator(".toast").getByText(words);
export const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);
export const code = () => page.evaluate(() => window.editor.getValue());
export const ready = async () => until("the connection", () => page.evaluate(() => window.terminals.active?.state === "running"));
export const toTerminal = () => page.evaluate(() => window.terminals.focus());
export const picture = (name) => page.screenshot({ path: join(screenshots, `${name}.png`) });
export async function closeToasts() {
  while (await page.locator(".toast").count()) await page.locator(".toast").first().getByLabel("Close").click();
}


export async function end() {
  await browser.close();
  server.kill("SIGTERM");  // SIGTERM first, so that the shells can write their histories before their folder is deleted
  const late = setTimeout(() => server.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(late);
  rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
}
