// Drives examples/repl_terminal with a real browser.
//   node terminal.mjs PROGRAM SCREENSHOT_FOLDER [FLAG…]     flags go to the program, e.g. --page DIR
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectComplaints, launchBrowser, startProgram, startProxy, step } from "./support.mjs";

const [program, screenshots, ...flags] = process.argv.slice(2);
const workspace = mkdtempSync(join(tmpdir(), "terminal-test-"));
const onDisk = (name) => readFileSync(join(workspace, name), "utf8");
const put = (name, content) => writeFileSync(join(workspace, name), content);
const html = "<img src=x onerror=document.title='owned'>.txt";
const escape = "esc\x1b[31m\u202Egpj.exe";
for (const folder of ["folder", "empty"]) mkdirSync(join(workspace, folder));
mkdirSync(screenshots, { recursive: true });
put("folder/poem.txt", "roses 🌹\r\nviolets\r\n");
put("main.cpp", '#include <iostream>\n\n// Says hello.\nint main() {\n  for (int i = 0; i < 3; ++i) {\n    std::cout << "hello " << i << "\\n";\n  }\n  return 0;\n}\n');
put("notes.md", "# Notes\n\nA *terminal* in the browser.\n");
put("picture.bin", Buffer.from([0, 1, 2]));
put(html, "harmless");
put(escape, "harmless");

// The shell's rc files are nobody's, so that the prompt is bash's own.
const environment = { ...process.env, HOME: workspace, SHELL: "/bin/bash", TOKEN_OF_THE_SERVER: "secret", LC_ALL: "C.UTF-8" };
const start = (port, ...more) => startProgram(program, ["--port", String(port), "--workspace", workspace, ...more, ...flags], environment);
let { server, exited, url } = await start(0);

const browser = await launchBrowser();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "dark", permissions: ["clipboard-read", "clipboard-write"] });
context.setDefaultTimeout(15_000);
const page = await context.newPage();
const complaints = [];
collectComplaints(page, complaints);
let answers;  // the page's latest WebSocket
page.on("websocket", (socket) => { answers = socket; });

// All that the active terminal holds, its scrollback included; wrapped lines are joined.
const textOf = (which) => which.evaluate(() => {
  const { active } = window.terminals.active.terminal.buffer;
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
    if (Date.now() > deadline) throw new Error(`${what} did not come; the terminal shows:${(await textOf(page)).trimEnd().slice(-500)}`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}
const sees = (pattern, milliseconds, which = page) => until(String(pattern), async () => (await textOf(which)).match(pattern), milliseconds);
const type = (line, which = page) => which.keyboard.type(line + "\n");
const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
const item = (name) => page.getByRole("treeitem", { name, exact: true });
const row = (name) => page.locator(".row").getByText(name, { exact: true });
const tab = (name) => page.locator("#editor-tabs").getByRole("tab", { name });
const shells = page.locator("#terminal-tabs").getByRole("tab");
const inMenu = (name) => page.getByRole("menuitem", { name });
const toast = (words) => page.locator(".toast").getByText(words);
const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);
const code = () => page.evaluate(() => window.editor.getValue());
const ready = async () => until("the connection", () => page.evaluate(() => window.terminals.active?.state === "running"));
const toTerminal = () => page.evaluate(() => window.terminals.focus());
const picture = (name) => page.screenshot({ path: join(screenshots, `${name}.png`) });
async function closeToasts() {
  while (await page.locator(".toast").count()) await page.locator(".toast").first().getByLabel("Close").click();
}

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
    await page.goto(`data:text/html,<a href="${url.href}">Our terminal</a>`); // as from a mail in the browser
    await page.getByText("Our terminal").click();
    await page.waitForURL(`${url.origin}/`);
    await sees(/[$#] $/m);
    return `${Math.round(await page.evaluate(() => performance.now()))} ms from the address to the prompt`;
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
    const size = () => page.evaluate(() => `${window.terminals.active.terminal.rows} ${window.terminals.active.terminal.cols}`);
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
    const began = performance.now();
    await press("Control+c");
    await type("echo stopped-$((1+2))");
    await sees(/stopped-3/, 30_000);
    return `${Math.round(performance.now() - began)} ms from the key to the answer`;
  });

  await step("titles are text, and the page's follows the shell that is looked at", async () => {
    await type("clear; printf '\\e]2;<b>one</b>\\u202e\\a'");
    await until("the title", async () => (await page.title()) === "<b>one</b>�");
    assert.equal(await shells.first().locator(".label").textContent(), "<b>one</b>�");
    await press("Control+Shift+Backquote");
    await until("a second shell", async () => (await shells.count()) === 2);
    await ready();
    await sees(/[$#] $/m);
    assert.equal(await page.title(), "Terminal");
    await type("echo second-$$-");
    assert.notEqual(Number((await sees(/second-(\d+)-/))[1]), shell);
    await press("Alt+1");
    assert.equal(await page.title(), "<b>one</b>�");
    await type("echo first-$$-");
    assert.equal(Number((await sees(/first-(\d+)-/))[1]), shell);
  });

  await step("a terminal is split, and the line between is moved", async () => {
    await press("Control+Shift+Digit5");
    await until("two shells side by side", () => page.evaluate(() => window.terminals.active.state === "running" && document.querySelectorAll(".split:not([hidden]) .screen").length === 2));
    await type("echo beside-$$-");
    await sees(/beside-\d+-/);
    const line = page.locator(".split:not([hidden]) > [role=separator]");
    const before = (await line.boundingBox()).x;
    await line.focus();
    await press("ArrowLeft", "ArrowLeft");
    assert.ok((await line.boundingBox()).x < before - 40);
    const box = await line.boundingBox();
    await page.mouse.move(box.x, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x - 100, box.y + 100, { steps: 4 });
    await page.mouse.up();
    assert.ok(Math.abs((await line.boundingBox()).x - (box.x - 100)) < 12);
  });

  await step("a reload finds the same shells with what they had printed, and types nothing into them", async () => {
    await toTerminal();
    await type("printf '\\e[c\\e[6n\\e]10;?\\a'; read -t 1 -s -n 99 x; clear; echo kept-$((5*5))");
    await sees(/kept-25/);
    const line = page.locator(".split:not([hidden]) > [role=separator]");
    const before = await line.boundingBox();
    await page.reload();
    await ready();
    await sees(/kept-25/);
    await type("echo still-$((6*6))");
    assert.match((await sees(/[^\n]*[$#] echo still[^\n]*\nstill-36/))[0], /^[^\n;]*[$#] echo still-/);
    assert.equal(await shells.count(), 2);
    assert.ok(Math.abs((await line.boundingBox()).x - before.x) < 4);
    await press("Alt+ArrowLeft");
    await type("echo same-$$-");
    assert.equal(Number((await sees(/same-(\d+)-/))[1]), shell);
    await press("Alt+ArrowRight");
    await page.locator("#terminal-menu").click();
    await inMenu("Close").click();
    await until("one shell", async () => (await page.locator(".split:not([hidden]) .screen").count()) === 1);
    await press("Alt+2");
    await page.locator("#terminal-tabs [aria-selected=true]").focus();
    await press("Delete");
    await until("one tab", async () => (await shells.count()) === 1);
    await toTerminal();
  });

  await step("text is found in the terminal", async () => {
    await type("clear; seq 100 130");
    await sees(/\n130\n/);
    await press("Control+Shift+F");
    await page.keyboard.type("12");
    await page.locator("#find-count").getByText(/of 11/).waitFor();
    await page.keyboard.type("x");
    await page.locator("#find-count").getByText("No result").waitFor();
    await press("Escape");
    await type("echo back-$((1+1))");
    await sees(/back-2/);
  });

  await step("several lines are not pasted into a program that would run them, without asking", async () => {
    await type("clear; cat > pasted.txt");
    await page.evaluate(() => navigator.clipboard.writeText("one\n<i>two</i>\n"));
    await until("the program", async () => !(await page.evaluate(() => window.terminals.active.terminal.modes.bracketedPasteMode)));
    await press("Control+Shift+V");
    await page.getByRole("dialog").getByText("Paste 2 lines?").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await press("Control+Shift+V");
    await page.getByRole("button", { name: "Paste" }).click();
    await sees(/one\n<i>two<\/i>\n/);
    await press("Control+d");
    await until("the file", () => existsSync(join(workspace, "pasted.txt")) && onDisk("pasted.txt") === "one\n<i>two</i>\n");
  });

  await step("a program may offer a text to copy, and never reads the clipboard", async () => {
    await page.evaluate(() => navigator.clipboard.writeText("secret"));
    await type("clear; printf '\\e]52;c;?\\a\\e]52;c;b3RoZXI=\\a\\e]52;c;aGVsbG8=\\a'; read -t 1 -s -n 9 x; echo got:${#x}:");
    await toast("A program wants to copy 5 characters").waitFor();
    await sees(/got:0:/);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "secret");
    await page.locator(".toast").getByText("Copy", { exact: true }).click();
    await until("the copy", () => page.evaluate(async () => (await navigator.clipboard.readText()) === "hello"));
    await toTerminal();
  });

  await step("the page at 1440 by 900", async () => {
    await type("clear; ls -la --color; printf '\\e[31mred \\e[32mgreen \\e[33myellow \\e[34mblue \\e[35mmagenta \\e[36mcyan\\e[0m\\n'");
    await sees(/red green yellow blue magenta cyan/);
    await picture("terminal-1440x900");
  });

  await step("files are listed as they are called, and the tree is used by keys alone", async () => {
    await row(html).waitFor();
    await row("esc␛[31m�gpj.exe").waitFor();
    await item("empty").focus();
    await press("ArrowRight");
    await page.locator("#tree").getByText("empty", { exact: true }).nth(1).waitFor();
    await press("ArrowDown");
    assert.ok(await isFocused(item("folder")));
    await press("ArrowRight");
    await item("poem.txt").waitFor();
    await press("ArrowRight");
    assert.ok(await isFocused(item("poem.txt")));
    await press("ArrowLeft");
    await press("End");
    await page.keyboard.type("mai");
    assert.ok(await isFocused(item("main.cpp")));
    await press("Enter");
    await page.locator("body.has-file").waitFor();
    await page.locator("#code .ace_keyword").first().waitFor();
    assert.match(await code(), /Says hello/);
    assert.notEqual(await page.title(), "owned");
  });

  await step("files are made, renamed, copied, moved and deleted, by keys and menu", async () => {
    await item("folder").focus();
    await press("Shift+F10");
    await inMenu("New file").press("Enter");
    await page.locator(".name-input").fill("made.txt");
    await press("Enter");
    await tab("made.txt").waitFor();
    assert.equal(onDisk("folder/made.txt"), "");
    await item("made.txt").focus();
    await press("F2");
    await page.locator(".name-input").fill("other name.txt");
    await press("Enter");
    await tab("other name.txt").waitFor();
    await until("the focus on the new name", () => isFocused(item("other name.txt")));
    await press("Control+c", "Control+v");
    await item("other name copy.txt").waitFor();
    await until("the copy's focus", () => isFocused(item("other name copy.txt")));
    await press("Control+x");
    await item("empty").focus();
    await press("Control+v");
    await until("the move", () => existsSync(join(workspace, "empty", "other name copy.txt")));
    assert.ok(!existsSync(join(workspace, "folder", "other name copy.txt")));
    await until("its focus", () => isFocused(item("other name copy.txt")));
    await press("Delete");
    await page.getByRole("dialog").getByText("Delete “other name copy.txt”?").waitFor();
    await press("Escape");
    await until("the focus given back", () => isFocused(item("other name copy.txt")));
    await press("Delete");
    await page.getByRole("button", { name: "Delete" }).click();
    await until("the end of it", () => !existsSync(join(workspace, "empty", "other name copy.txt")));
    await until("the next one's focus", () => isFocused(item("folder")));
    await item("notes.md").click({ button: "right" });
    await inMenu("New folder").waitFor();
    await press("Escape");
    assert.equal(await page.locator(".menu").count(), 0);
    await page.locator("#new-folder").click();
    await page.locator(".name-input").press("Escape");
    await page.locator("#new-folder").click();
    await page.locator(".name-input").fill("a\u202E/b");
    await press("Enter");
    await toast("“a\uFFFD/b” cannot be a name.").waitFor();
    await closeToasts();
  });

  await step("what is edited is marked and saved, line ends and all", async () => {
    await item("poem.txt").click();
    await tab("poem.txt").waitFor();
    await until("the text", async () => (await code()) === "roses 🌹\r\nviolets\r\n");
    await press("Control+End");
    await page.keyboard.type("sugar 🍬\n");
    await page.getByRole("tab", { name: "poem.txt, not saved" }).waitFor();
    await press("Control+s");
    await until("the save", () => onDisk("folder/poem.txt") === "roses 🌹\r\nviolets\r\nsugar 🍬\r\n");
    await page.getByRole("tab", { name: "poem.txt", exact: true }).waitFor();
    await tab("main.cpp").click();
    await picture("editor-1440x900");
  });

  await step("a file without changes follows the disk, one with changes asks", async () => {
    await tab("poem.txt").click();
    put("folder/poem.txt", "from outside\n");
    await until("the new text", async () => (await code()) === "from outside\n");
    await press("Control+End");
    await page.keyboard.type("mine\n");
    put("folder/poem.txt", "from outside again\n");
    await page.locator("#notice").getByText("changed on disk").waitFor();
    await picture("changed-1440x900");
    await page.locator("#notice").getByText("Keep mine").click();
    await press("Control+s");
    await until("the save", () => onDisk("folder/poem.txt") === "from outside\nmine\n");
    await page.getByRole("tab", { name: "poem.txt", exact: true }).waitFor();
    await page.keyboard.type("more\n");
    put("folder/poem.txt", "the third\n");
    await page.locator("#notice").getByText("Reload").click();
    await until("the third", async () => (await code()) === "the third\n");
    await page.getByRole("tab", { name: "poem.txt", exact: true }).waitFor();
    rmSync(join(workspace, "folder", "poem.txt"));
    await page.locator("#notice").getByText("was deleted on disk").waitFor();
    await page.locator("#notice").getByText("Write it again").click();
    await until("the file again", () => existsSync(join(workspace, "folder", "poem.txt")) && onDisk("folder/poem.txt") === "the third\n");
  });

  await step("a file takes the place of one that was deleted while open, and its language with the name", async () => {
    put("gone.py", "gone = 1\n");
    put("stays.txt", "import os\n");
    for (const name of ["gone.py", "stays.txt"]) {
      await item(name).click();
      await tab(name).waitFor();
    }
    rmSync(join(workspace, "gone.py"));
    await page.locator("#editor-tabs [data-mark=deleted]").waitFor();
    const rename = async () => {
      await item("stays.txt").focus();
      await press("F2");
      await page.locator(".name-input").fill("gone.py");
      await press("Enter");
      await page.getByRole("dialog").getByText("Save “gone.py”?").waitFor();
    };
    await rename();
    await press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await rename();
    assert.deepEqual([existsSync(join(workspace, "stays.txt")), await tab("gone.py").count()], [true, 1]);
    await page.getByRole("button", { name: "Do not save" }).click();
    await until("the new name", () => existsSync(join(workspace, "gone.py")));
    await until("one tab", async () => (await tab("gone.py").count()) === 1 && (await tab("stays.txt").count()) === 0);
    await until("its language", () => page.evaluate(() => window.editor.session.getMode().$id === "ace/mode/python"));
    assert.equal(await code(), "import os\n");
    await tab("gone.py").focus();
    await press("Delete");
  });

  await step("a file that is made outside appears in the tree", async () => {
    put("outside.txt", "x");
    await item("outside.txt").waitFor();
  });

  await step("what is made outside while a name is typed appears when that ends, and the tree holds items only", async () => {
    const holdsItems = () => page.evaluate(() => [...document.querySelectorAll("[role=tree] > *, [role=tree] [role=group] > :not(.row)")]
      .every((element) => element.getAttribute("role") === "treeitem"));
    assert.ok(await holdsItems());
    await item("main.cpp").focus();
    await press("End");
    await page.locator("#new-file").click();
    await page.locator(".name-input").waitFor();
    assert.ok(await holdsItems());
    const told = answers.waitForEvent("framereceived", ({ payload }) => payload.includes("fetchDirResponse") && payload.includes("beside.txt"));
    put("beside.txt", "x");
    await told;
    assert.equal(await item("beside.txt").count(), 0);
    await press("Escape");
    await item("beside.txt").waitFor();
    assert.ok(await isFocused(item("picture.bin")));
  });

  await step("a file is opened by a part of its name", async () => {
    await toTerminal();
    await press("Control+p");
    await page.getByRole("option", { name: "notes.md" }).waitFor();
    assert.equal(await page.locator("#picker-input").getAttribute("aria-expanded"), "true");
    await page.keyboard.type("///");
    await page.getByText("Nothing has a name like this.").waitFor();
    await press("Enter");
    assert.equal(await page.locator("#picker-input").getAttribute("aria-expanded"), "false");
    await page.locator("#picker-input").fill("");
    await page.keyboard.type("ntsmd");
    await until("one", async () => (await page.getByRole("option").count()) === 1);
    await picture("quick-open-1440x900");
    await press("Enter");
    await tab("notes.md").waitFor();
    await until("the notes", async () => (await code()).startsWith("# Notes"));
  });

  await step("a file that is dragged over the page cannot be dropped, and so does not replace it", async () => {
    const devtools = await context.newCDPSession(page);
    const files = [join(workspace, "notes.md")];
    await page.evaluate(() => {
      window.drags = [];
      addEventListener("dragover", (event) => window.drags.push(event.defaultPrevented && event.dataTransfer.dropEffect));
    });
    for (const place of ["#tree", "#code", "#terminals", "footer"]) {
      const box = await page.locator(place).boundingBox();
      const at = { x: box.x + box.width / 2, y: box.y + box.height / 2, data: { items: [], files, dragOperationsMask: 1 } };
      for (const type of ["dragEnter", "dragOver", "drop"]) await devtools.send("Input.dispatchDragEvent", { type, ...at });
    }
    assert.deepEqual(await page.evaluate(() => [...new Set(window.drags)]), ["none"]);
    await devtools.detach();
  });

  await step("a binary file is named as one", async () => {
    await item("picture.bin").click();
    await page.locator("#file-problem").getByText("“picture.bin” is a binary file (3 bytes)").waitFor();
    await tab("picture.bin").focus();
    await press("Delete");
    await until("its end", async () => (await tab("picture.bin").count()) === 0);
  });

  await step("what is not saved is asked about when its tab is closed", async () => {
    await tab("notes.md").click();
    await press("Control+End");
    await page.keyboard.type("more");
    await tab("notes.md").focus();
    await press("Delete");
    await page.getByRole("dialog").getByText("Save “notes.md”?").waitFor();
    await press("Escape");
    assert.equal(await tab("notes.md").count(), 1);
    await press("Control+s");
    await until("the save", () => onDisk("notes.md").endsWith("more"));
  });

  await step("open files and places survive a reload", async () => {
    const line = page.locator("#editor-divider");
    await line.focus();
    await press("ArrowUp", "ArrowUp");
    const before = await line.boundingBox();
    await page.reload();
    await tab("notes.md").waitFor();
    await until("the active one", async () => (await tab("notes.md").getAttribute("aria-selected")) === "true");
    assert.ok(Math.abs((await line.boundingBox()).y - before.y) < 2);
    await item("poem.txt").waitFor();
    await ready();
  });

  await step("a connection that is lost while files and folders come back takes none of them", async () => {
    const other = await context.newPage();
    await other.goto(url.origin);
    const its = other.locator("#editor-tabs").getByRole("tab");
    for (const name of ["notes.md", "outside.txt"]) {
      await other.getByRole("treeitem", { name }).click();
      await its.getByText(name).waitFor();
    }
    await other.getByRole("treeitem", { name: "folder" }).click();
    await other.getByRole("treeitem", { name: "poem.txt" }).waitFor();
    const losses = ["fetchContent", '"Dir":"folder"'];
    await other.routeWebSocket(/\/ws$/, (socket) => {
      const far = socket.connectToServer();
      socket.onMessage((message) => {
        const at = losses.findIndex((one) => message.includes(one));
        if (at < 0) return far.send(message);
        losses.splice(at, 1);
        far.close();
        socket.close({ code: 4000 });
      });
    });
    await other.reload();
    await other.getByRole("tab", { name: "outside.txt", selected: true }).waitFor();
    await other.getByRole("treeitem", { name: "poem.txt" }).waitFor();
    assert.deepEqual(losses, []);
    assert.deepEqual(await its.allTextContents(), ["notes.md", "outside.txt"]);
    await other.close();
  });

  await step("theme and size of text are chosen, and kept", async () => {
    await toTerminal();
    const size = () => page.evaluate(() => window.terminals.active.terminal.options.fontSize);
    await press("Alt+Equal", "Alt+Equal", "Alt+Minus");
    assert.equal(await size(), 14);
    await page.locator("#theme").click();
    await page.reload();
    await ready();
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "light");
    assert.equal(await size(), 14);
    await toTerminal();
    await press("Alt+0");
    assert.equal(await size(), 13);
    await tab("main.cpp").click();
    await page.locator("#code .ace_keyword").first().waitFor();
    await picture("light-1440x900");
  });

  await step("the page at 390 by 844, light and dark", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const theme of ["light", "dark"]) {
      for (const pane of ["files", "editor", "terminal"]) {
        await page.locator(`.panes [data-pane=${pane}]`).click();
        const controlled = await page.locator(".panes [aria-selected=true]").getAttribute("aria-controls");
        assert.ok(await page.locator(`#${controlled}`).isVisible());
        await picture(`${pane}-${theme}-390x844`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.equal(overflow, 0, `${pane} is wider than the page`);
      }
      await page.locator("#theme").click();
    }
    await page.locator("#theme").click();
    await page.locator("#keys").getByText("|", { exact: true }).click();
    await page.keyboard.type(" true; echo narrow-$((2+2))");
    await press("Control+a");
    await type("echo x");
    await sees(/narrow-4/);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  await step("on a phone all that is touched has 44 pixels", async () => {
    const phone = await browser.newContext({
      storageState: await context.storageState(), viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: "dark",
    });
    const other = await phone.newPage();
    collectComplaints(other, complaints);
    await other.goto(url.origin);
    await sees(/[$#] $/m, 15_000, other);
    const small = () => other.evaluate(() => [...document.querySelectorAll("button, [role=tab], .row, input, [role=menuitem]")]
      .map((element) => ({ name: element.id || element.className || element.textContent, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0 && (box.height < 44 || box.width < 32))
      .map(({ name, box }) => `${name}: ${box.width}×${box.height}`));
    assert.deepEqual(await small(), []);
    await other.locator("#terminal-menu").tap();
    assert.deepEqual(await small(), []);
    await other.screenshot({ path: join(screenshots, "menu-phone-390x844.png") });
    await other.getByRole("menuitem", { name: "Find" }).tap();
    assert.deepEqual(await small(), []);
    await other.locator("#find-close").tap();
    await other.locator(".panes [data-pane=files]").tap();
    assert.deepEqual(await small(), []);
    await other.getByRole("treeitem", { name: "main.cpp" }).tap();
    await other.locator("#code .ace_keyword").first().waitFor();
    assert.equal(await other.evaluate(() => document.body.dataset.pane), "editor");
    assert.deepEqual(await small(), []);
    await other.screenshot({ path: join(screenshots, "editor-phone-390x844.png") });
    await phone.close();
  });

  await step("another window looks at the same shell, or only watches it", async () => {
    await toTerminal();
    const other = await context.newPage();
    await other.setViewportSize({ width: 1440, height: 900 });
    await other.goto(url.origin);
    await other.locator("#terminal-menu").click();
    await other.getByRole("menuitem", { name: "Running shells" }).click();
    await other.getByRole("option", { name: /^Watch/ }).first().click();
    await page.getByRole("tab", { name: /2 windows/ }).waitFor();
    await type("echo watched-$((7*7))");
    await sees(/watched-49/, 15_000, other);
    await type("echo never", other);
    await other.locator(".toast").getByText("only watches").waitFor();
    await other.screenshot({ path: join(screenshots, "watching-1440x900.png") });
    await other.close();
    await until("one window", async () => (await page.getByRole("tab", { name: /2 windows/ }).count()) === 0);
    assert.doesNotMatch(await textOf(page), /never/);
  });

  await step("a connection that is lost comes back with its shell and what it printed", async () => {
    const proxy = await startProxy(url.port);
    const [cookie] = await context.cookies();
    await context.addCookies([{ ...cookie, name: cookie.name.replace(url.port, proxy.port) }]);  // it is a port's
    const other = await context.newPage();
    await other.goto(`http://${url.hostname}:${proxy.port}/`);
    await sees(/[$#] $/m, 15_000, other);
    await type("echo mark-$((8*8)) shell-$$-", other);
    const its = (await sees(/mark-64 shell-(\d+)-/, 15_000, other))[1];
    proxy.refuse();
    await other.locator("body[data-state=away]").waitFor();
    await other.keyboard.type("lost");
    await other.locator(".toast").getByText("what you type is not sent").waitFor();
    proxy.accept();
    await other.locator("body[data-state=connected]").waitFor();
    await until("the shell", () => other.evaluate(() => window.terminals.active.state === "running"));
    await sees(/mark-64 shell-/, 15_000, other);
    await type("echo again-$$-", other);
    assert.equal((await sees(/again-(\d+)-/, 15_000, other))[1], its);
    assert.doesNotMatch(await textOf(other), /lost/);
    await other.close();
    proxy.stop();
  });

  await step("a shell that ends says so behind its output, and Enter starts another below", async () => {
    await toTerminal();
    await type("clear; seq 1 5; exit 3");
    await sees(/\n1\n2\n3\n4\n5\n(?:exit\n)?The shell ended with code 3\. Enter starts a new one\.\n/);
    await page.getByRole("tab", { name: /ended/ }).waitFor();
    await press("Enter");
    await sees(/\n5\n(?:exit\n)?The shell ended with code 3\. Enter starts a new one\.\n[^]*[$#] $/m);
    await type("echo again-$$-");
    shell = Number((await sees(/again-(\d+)-/))[1]);
    await type("kill -9 $$");
    await sees(/The shell ended by signal 9\./);
    await press("Enter");
    await ready();
    await type("echo third-$$-");
    shell = Number((await sees(/third-(\d+)-/))[1]);
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
    await page.locator(".split:not([hidden]) .screen").click();
    await page.keyboard.type("x");
    await toast("what you type is not sent").waitFor();
    await picture("away-1440x900");
  });

  await step("another server of the same place gets the page back, with a new shell", async () => {
    ({ server, exited, url } = await start(url.port, "--auth", "none"));
    await page.locator("body[data-state=connected]").waitFor({ timeout: 60_000 });
    await sees(/The earlier shell is gone\. This is a new one\.\n[^]*[$#] $/m);
    await type("echo new-$((9*9))");
    await sees(/new-81/);
  });

  await step("a server that refuses the page is told as that", async () => {
    server.kill("SIGTERM");
    await exited;
    ({ server, exited, url } = await start(url.port));
    await page.locator("#state").getByText("Access refused").waitFor({ timeout: 60_000 });
    await picture("refused-1440x900");
  });
} catch (error) {
  await picture("failed");
  throw error;
} finally {
  await browser.close();
  server.kill("SIGTERM");  // and not at once, so that the shells' histories are written before their folder goes
  const late = setTimeout(() => server.kill("SIGKILL"), 5_000);
  await exited;
  clearTimeout(late);
  rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
}
