// Drives examples/repl_terminal with a real browser.
//   node terminal.mjs PROGRAM SCREENSHOT_FOLDER [FLAG…]     flags go to the program, e.g. --page DIR
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectComplaints, launchBrowser, startProgram, step } from "./support.mjs";

const [program, screenshots, ...flags] = process.argv.slice(2);
const workspace = mkdtempSync(join(tmpdir(), "terminal-test-"));
const html = "<img src=x onerror=document.title='owned'>.txt";
mkdirSync(join(workspace, "folder"));
mkdirSync(join(workspace, "empty"));
mkdirSync(screenshots, { recursive: true });
writeFileSync(join(workspace, "folder", "poem.txt"), "roses 🌹\r\nviolets\r\n");
writeFileSync(join(workspace, "picture.bin"), Buffer.from([0, 1, 2]));
writeFileSync(join(workspace, html), "harmless");

// The shell's rc files are nobody's, so that the prompt is bash's own.
const { server, exited, url } = await startProgram(program, ["--port", "0", "--workspace", workspace, ...flags],
  { ...process.env, HOME: workspace, SHELL: "/bin/bash", TOKEN_OF_THE_SERVER: "secret" });

const browser = await launchBrowser();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
const page = await context.newPage();
const complaints = [];
collectComplaints(page, complaints);

// All that the terminal holds, its scrollback included; wrapped lines are joined.
const text = () => page.evaluate(() => {
  const { active } = window.terminal.buffer;
  let all = "";
  for (let at = 0; at < active.length; ++at) {
    const line = active.getLine(at);
    all += (line.isWrapped ? "" : "\n") + line.translateToString(true);
  }
  return all;
});

async function until(what, condition, milliseconds = 15_000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not come; the terminal shows:${(await text()).trimEnd().slice(-500)}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
const sees = (pattern, milliseconds) => until(String(pattern), async () => (await text()).match(pattern), milliseconds);
const type = (line) => page.keyboard.type(line + "\n");
const row = (name) => page.locator(".row").getByText(name, { exact: true });

function statusOf(headers) {
  return new Promise((resolve, reject) => {
    const upgrade = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" };
    const asked = request({ host: url.hostname, port: url.port, path: "/api/v1/repl/ws", headers: { ...upgrade, ...headers } });
    asked.on("response", (answer) => { answer.resume(); resolve(answer.statusCode); });
    asked.on("upgrade", (answer, socket) => { socket.destroy(); resolve(answer.statusCode); });
    asked.on("error", reject);
    asked.end();
  });
}

let shell = 0;
try {
  await step("the printed URL opens a prompt, and the token leaves the address", async () => {
    await page.goto(url.href);
    await sees(/[$#] $/m);
    assert.equal(new URL(page.url()).href, `${url.origin}/`);
  });

  await step("a command's output appears", async () => {
    await type("echo hello-$((40+2)) shell-$$-");
    shell = Number((await sees(/hello-42 shell-(\d+)-/))[1]);
  });

  await step("the shell has none of the server's environment", async () => {
    await type("env | grep -c TOKEN_OF; echo TERM=$TERM");
    await sees(/\n0\nTERM=xterm-256color/);
  });

  await step("the shell has the window's size, also after a change", async () => {
    const measure = async (mark) => {
      await type(`echo ${mark}: $(stty size)`);
      return (await sees(new RegExp(`\n${mark}: (\\d+ \\d+)`)))[1];
    };
    const size = () => page.evaluate(() => `${window.terminal.rows} ${window.terminal.cols}`);
    const before = await measure("before");
    assert.equal(before, await size());
    await page.setViewportSize({ width: 1000, height: 600 });
    await until("another size", async () => (await size()) !== before);
    const after = await measure("after");
    assert.equal(after, await size());
    assert.notEqual(after, before);
    await page.setViewportSize({ width: 1440, height: 900 });
    return `${before} → ${after}`;
  });

  await step("100,000 lines pass and the page lives", async () => {
    await type("clear; seq 1 200000 | tail -n 100000; echo end-$((1+1))");
    await sees(/199999\n200000\nend-2/, 60_000);
  });

  await step("Ctrl+C stops an endless command", async () => {
    await type("clear; yes");
    await sees(/y\ny\ny\ny\n/, 30_000);
    const start = performance.now();
    await page.keyboard.press("Control+c");
    await type("echo stopped-$((1+2))");
    await sees(/stopped-3/, 30_000);
    return `${Math.round(performance.now() - start)} ms from the key to the answer`;
  });

  await step("the page at 1440 by 900", async () => {
    await type("clear; ls -la --color; printf '\\e[31mred \\e[32mgreen \\e[33myellow \\e[34mblue \\e[35mmagenta \\e[36mcyan\\e[0m\\n'");
    await sees(/red green yellow blue magenta cyan/);
    await page.screenshot({ path: join(screenshots, "terminal-1440x900.png") });
  });

  await step("files are listed as they are called, and folders open", async () => {
    await row(html).waitFor();
    await row("empty").click();
    await page.getByText("empty", { exact: true }).nth(1).waitFor();
    await row("folder").click();
    await row("poem.txt").click();
    await page.locator("body.has-file").waitFor();
    assert.equal(await page.locator("#content").inputValue(), "roses 🌹\nviolets\n");
    assert.notEqual(await page.title(), "owned");
  });

  await step("what is edited is saved, line ends and all", async () => {
    await page.locator("#content").press("Control+End");
    await page.keyboard.type("sugar 🍬\n");
    await page.keyboard.press("Control+s");
    await until("the save", () => readFileSync(join(workspace, "folder", "poem.txt"), "utf8") === "roses 🌹\r\nviolets\r\nsugar 🍬\r\n");
    await page.locator("#file-state").getByText("not saved").waitFor({ state: "detached" });
    await page.screenshot({ path: join(screenshots, "editor-1440x900.png") });
  });

  await step("a binary file is named as one", async () => {
    await row("picture.bin").click();
    await page.locator(".toast").getByText("“picture.bin” is a binary file (3 bytes)").waitFor();
    await page.locator(".toast button").click();
  });

  await step("the page at 390 by 844", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const pane of ["files", "editor", "terminal"]) {
      await page.locator(`.panes [data-pane=${pane}]`).click();
      await page.screenshot({ path: join(screenshots, `${pane}-390x844.png`) });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.equal(overflow, 0, `${pane} is wider than the page`);
    }
    await page.locator("#keys").getByText("|", { exact: true }).click();
    await page.keyboard.type(" true; echo narrow-$((2+2))");
    await page.keyboard.press("Control+a");
    await type("echo x");
    await sees(/narrow-4/);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await step("a shell that ends says so behind its output, and Enter starts another below", async () => {
    await type("clear; seq 1 5; exit 3");
    await sees(/\n1\n2\n3\n4\n5\n(?:exit\n)?\nThe shell ended with code 3\. Enter starts a new one\.\n/);
    await page.keyboard.press("Enter");
    await sees(/\n5\n(?:exit\n)?\nThe shell ended with code 3\. Enter starts a new one\.\n[^]*[$#] $/m);
    await type("echo again-$$-");
    shell = Number((await sees(/again-(\d+)-/))[1]);
  });

  await step("the token works once, and nothing opens without its cookie", async () => {
    const other = await (await browser.newContext()).newPage();
    for (const address of [url.href, url.origin]) {
      const answer = await other.goto(address);
      assert.equal(answer.status(), 403);
      assert.match(await answer.text(), /Access refused: open the URL that the server printed/);
    }
    const Cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    assert.equal(await statusOf({ Cookie, Origin: url.origin }), 101);
    assert.equal(await statusOf({ Origin: url.origin }), 403);
    assert.equal(await statusOf({ Cookie, Origin: "http://evil.example" }), 403);
    assert.equal(await statusOf({ Cookie, Origin: "http://evil.example", Host: "evil.example" }), 403);
  });

  await step("the console is empty and every request succeeded", () => assert.deepEqual(complaints, []));

  await step("while away nothing typed is kept, and the page says so", async () => {
    server.kill("SIGTERM");
    assert.deepEqual(await exited, { code: 0, signal: null });
    assert.throws(() => process.kill(shell, 0), "the shell outlived the server");
    await page.locator("#state").getByText("Reconnecting in").waitFor();
    await page.locator("#screen").click();
    await page.keyboard.type("x");
    await page.locator(".toast").getByText("what you type is not sent").waitFor();
    await page.screenshot({ path: join(screenshots, "away-1440x900.png") });
  });
} finally {
  await browser.close();
  server.kill("SIGKILL");
  rmSync(workspace, { recursive: true, force: true });
}
