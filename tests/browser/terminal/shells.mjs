// Shells: output, input, sizes, splits, a reload, the clipboard.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { step } from "../support.mjs";
import {
  inMenu, onDisk, page, picture, press, ready, sees, shellProcess, shells, toast, toTerminal, type, until, url,
  workspace,
} from "./session.mjs";

await step("the printed URL opens a prompt, and the token is removed from the address", async () => {
  await page.goto(`data:text/html,<a href="${url.href}">Our terminal</a>`);  // like a link in a webmail page
  await page.getByText("Our terminal").click();
  await page.waitForURL(`${url.origin}/`);
  await sees(/[$#] $/m);
  return `${Math.round(await page.evaluate(() => performance.now()))} ms from the address to the prompt`;
});

await step("a command's output appears", async () => {
  await type("echo hello-$((40+2)) shell-$$-");
  shellProcess.id = Number((await sees(/hello-42 shell-(\d+)-/))[1]);
});

await step("the shell does not get the server's environment variables", async () => {
  await type("env | grep -c TOKEN_OF; echo TERM=$TERM");
  await sees(/\n0\nTERM=xterm-256color/);
});

await step("the shell has the window's size, even after a resize", async () => {
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

await step("the page survives 100,000 lines of output", async () => {
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

await step("titles are plain text, and the page has the title of the active shell", async () => {
  await type("clear; printf '\\e]2;<b>one</b>\\u202e\\a'");
  await until("the title", async () => (await page.title()) === "<b>one</b>�");
  assert.equal(await shells.first().locator(".label").textContent(), "<b>one</b>�");
  await press("Control+Shift+Backquote");
  await until("a second shell", async () => (await shells.count()) === 2);
  await ready();
  await sees(/[$#] $/m);
  assert.equal(await page.title(), "Terminal");
  await type("echo second-$$-");
  assert.notEqual(Number((await sees(/second-(\d+)-/))[1]), shellProcess.id);
  await press("Alt+1");
  assert.equal(await page.title(), "<b>one</b>�");
  await type("echo first-$$-");
  assert.equal(Number((await sees(/first-(\d+)-/))[1]), shellProcess.id);
});

await step("a terminal can be split, and the divider can be moved", async () => {
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

await step("a reload restores the shells with their output, and sends no input to them", async () => {
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
  assert.equal(Number((await sees(/same-(\d+)-/))[1]), shellProcess.id);
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

await step("a paste of several lines asks first if the program would run them", async () => {
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

await step("a program can offer text to copy, but cannot read the clipboard", async () => {
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
