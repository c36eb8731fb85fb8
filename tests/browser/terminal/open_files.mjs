// The tabs of files: unsaved changes, a reload, and a lost connection.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { step } from "../support.mjs";
import {
  closeToasts, context, item, onDisk, page, picture, press, put, ready, tab, toast, until, url, workspace,
} from "./session.mjs";

await step("a binary file is reported as binary", async () => {
  await item("picture.bin").click();
  await page.locator("#file-problem").getByText("“picture.bin” is a binary file (3 bytes)").waitFor();
  await tab("picture.bin").focus();
  await press("Delete");
  await until("the closed tab", async () => (await tab("picture.bin").count()) === 0);
});

await step("closing a tab with unsaved changes asks first", async () => {
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

await step("closing a tab twice during a save closes no other tab", async () => {
  for (const name of ["first.txt", "last.txt"]) put(name, `${name}\n`);
  const other = await context.newPage();
  let releaseSave;
  const saves = new Promise((resolve) => { releaseSave = resolve; });
  await other.routeWebSocket(/\/ws$/, (socket) => {
    const far = socket.connectToServer();
    socket.onMessage((message) => (message.includes("updateContent") ? void saves.then(() => far.send(message)) : far.send(message)));
  });
  await other.goto(url.origin);
  const otherTabs = other.locator("#editor-tabs").getByRole("tab");
  for (const name of ["first.txt", "last.txt"]) {
    await other.getByRole("treeitem", { name }).click();
    await other.waitForFunction((text) => window.editor?.getValue() === text, `${name}\n`);
    await other.evaluate(() => window.editor.insert("work "));
  }
  const close = () => otherTabs.filter({ hasText: "last.txt" }).locator(".close").click();
  await close();
  await other.getByRole("dialog").getByText("Save “last.txt”?").waitFor();
  await other.getByRole("dialog").getByRole("button", { name: "Save", exact: true }).click();
  await other.locator("#save").getByText("Saving…").waitFor();
  await close();
  assert.equal(await other.locator("dialog[open]").count(), 0);
  releaseSave();
  await until("one tab", async () => (await otherTabs.count()) === 1);
  assert.equal(await otherTabs.getAttribute("aria-label"), "first.txt, not saved");
  assert.equal(onDisk("last.txt"), "work last.txt\n");
  await other.close();
  for (const name of ["first.txt", "last.txt"]) rmSync(join(workspace, name));
});

await step("toasts about failed saves stay, and do not hide later toasts", async () => {
  const told = await page.evaluate(async () => {
    const { toast } = await import("/toasts.js");
    const words = () => [...document.querySelectorAll(".toast span")].map((one) => one.textContent);
    for (const name of ["short", "shorter"]) toast(name);
    for (let count = 1; count <= 12; ++count) toast(`“${count}.txt” was not saved. ${"There is no space. ".repeat(6)}`, { isSticky: true });
    const staying = words();
    toast("the latest");
    return { staying, after: words() };
  });
  assert.match(told.staying[0], /^“1\.txt” was/);
  assert.equal(told.staying.length, 12);
  assert.deepEqual(told.after, [...told.staying, "the latest"]);
  const isSeen = (words) => toast(words).evaluate((element) => {
    const { left, top } = element.getBoundingClientRect();
    return element.contains(document.elementFromPoint(left + 2, top + 2));
  });
  assert.ok(await isSeen("the latest"));
  await toast("“1.txt” was not saved").scrollIntoViewIfNeeded();
  assert.ok(await isSeen("“1.txt” was not saved"));
  await picture("toasts-1440x900");
  await closeToasts();
});

await step("open files and divider positions survive a reload", async () => {
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

await step("files and folders are restored even if the connection is lost meanwhile", async () => {
  const other = await context.newPage();
  await other.goto(url.origin);
  const otherTabs = other.locator("#editor-tabs").getByRole("tab");
  for (const name of ["notes.md", "outside.txt"]) {
    await other.getByRole("treeitem", { name }).click();
    await otherTabs.getByText(name).waitFor();
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
  assert.deepEqual(await otherTabs.allTextContents(), ["notes.md", "outside.txt"]);
  await other.close();
});
