// Tests examples/repl_terminal in Chromium with a read-only server.
//   node read_only.mjs PROGRAM SCREENSHOT_FOLDER
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectComplaints, launchBrowser, startProgram, step } from "./support.mjs";

const [program, screenshots] = process.argv.slice(2);
const workspace = mkdtempSync(join(tmpdir(), "read-only-test-"));
const environment = { ...process.env, HOME: workspace, SHELL: "/bin/bash", LC_ALL: "C.UTF-8" };
mkdirSync(screenshots, { recursive: true });
writeFileSync(join(workspace, "notes.md"), "# Notes\n");
const { server, exited, url } = await startProgram(program, ["--port", "0", "--workspace", workspace, "--read-only"], environment);

const browser = await launchBrowser();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
page.setDefaultTimeout(15_000);
const complaints = [];
collectComplaints(page, complaints);
const item = page.getByRole("treeitem", { name: "notes.md" });

try {
  await step("the status line says that the server is read-only", async () => {
    await page.goto(url.href);
    await page.locator("footer").getByText("Read-only").waitFor();
  });

  await step("a file is shown and cannot be edited", async () => {
    await item.click();
    await page.locator("#code .ace_heading").first().waitFor();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("x");
    assert.equal(await page.evaluate(() => window.editor.getValue()), "# Notes\n");
    assert.ok(await page.locator("#save").isHidden());
  });

  await step("the tree offers only commands that change nothing", async () => {
    for (const name of ["#new-file", "#new-folder"]) assert.ok(await page.locator(name).isHidden());
    await item.focus();
    for (const key of ["F2", "Delete"]) await page.keyboard.press(key);
    assert.equal(await page.locator(".name-input, dialog[open]").count(), 0);
    await page.keyboard.press("Shift+F10");
    assert.deepEqual(await page.getByRole("menuitem").allTextContents(), ["OpenEnter", "Copy the path"]);
    await page.screenshot({ path: join(screenshots, "read-only-1440x900.png") });
    await page.keyboard.press("Escape");
  });

  await step("the terminal shows the shell and sends no input", async () => {
    await page.evaluate(() => window.terminals.focus());
    await page.keyboard.type("x");
    await page.locator(".toast").getByText("This server only lets you look: what you type is not sent.").waitFor();
    await page.locator("#terminal-tabs").getByRole("tab", { name: "watching" }).waitFor();
  });

  await step("a file that is deleted on disk cannot be written again, and its tab closes without asking", async () => {
    rmSync(join(workspace, "notes.md"));
    await page.locator("#notice").getByText("was deleted on disk").waitFor();
    assert.deepEqual(await page.locator("#notice button:visible").allTextContents(), ["Close"]);
    await page.locator("#notice button:visible").click();
    await page.locator("body:not(.has-file)").waitFor();
  });

  await step("if no file is open, the page shows no shortcut that would save one", async () => {
    assert.deepEqual(await page.locator("#no-file dd").allTextContents(), ["opens a file by name", "saves it", "switches between editor and terminal"]);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator(".panes [data-pane=editor]").click();
    assert.deepEqual(await page.locator("#no-file :is(dt, dd):visible").allTextContents(), ["Ctrl P", "opens a file by name", "Ctrl `", "switches between editor and terminal"]);
  });

  await step("nothing is wider than the window at 390 by 844", async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.locator(".panes [data-pane=terminal]").click();
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    assert.equal(await page.locator("#state").evaluate((state) => state.scrollWidth - state.clientWidth), 0);
    await page.screenshot({ path: join(screenshots, "read-only-390x844.png") });
  });

  await step("the console is empty and every HTTP request succeeded", () => assert.deepEqual(complaints, []));
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await exited;
  rmSync(workspace, { recursive: true, force: true, maxRetries: 3 });
}
