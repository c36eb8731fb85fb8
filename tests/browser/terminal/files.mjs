// The tree and the editor: files are created, renamed, saved, changed on disk and opened by name.
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { step } from "../support.mjs";
import {
  answers, closeToasts, code, context, html, inMenu, isFocused, item, onDisk, page, picture, press, put, row, tab,
  toast, toTerminal, until, workspace,
} from "./session.mjs";

await step("names are shown with visible control characters, and the tree works with the keyboard only", async () => {
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

await step("files are created, renamed, copied, moved and deleted with keys and menu", async () => {
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
  await until("the focus of the moved file", () => isFocused(item("other name copy.txt")));
  await press("Delete");
  await page.getByRole("dialog").getByText("Delete “other name copy.txt”?").waitFor();
  await press("Escape");
  await until("the focus after Escape", () => isFocused(item("other name copy.txt")));
  await press("Delete");
  await page.getByRole("button", { name: "Delete" }).click();
  await until("the deletion", () => !existsSync(join(workspace, "empty", "other name copy.txt")));
  await until("the focus of the next item", () => isFocused(item("folder")));
  await item("notes.md").click({ button: "right" });
  await inMenu("New folder").waitFor();
  await press("Escape");
  assert.equal(await page.locator(".menu").count(), 0);
  await page.locator("#new-folder").click();
  await page.locator(".name-input").press("Escape");
  await page.locator("#new-folder").click();
  await page.locator(".name-input").fill("a\u202E/b");
  await press("Enter");
  await toast("“a\uFFFD/b” is not a valid name.").waitFor();
  await closeToasts();
});

await step("an edited file is marked, and saved with its line endings", async () => {
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

await step("a file without changes is updated from disk, and a file with changes lets the user choose", async () => {
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
  await until("the third text", async () => (await code()) === "the third\n");
  await page.getByRole("tab", { name: "poem.txt", exact: true }).waitFor();
  rmSync(join(workspace, "folder", "poem.txt"));
  await page.locator("#notice").getByText("was deleted on disk").waitFor();
  await page.locator("#notice").getByText("Write it again").click();
  await until("the restored file", () => existsSync(join(workspace, "folder", "poem.txt")) && onDisk("folder/poem.txt") === "the third\n");
});

await step("a file can be renamed to a deleted open file, and its language follows the name", async () => {
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
  await until("the language", () => page.evaluate(() => window.editor.session.getMode().$id === "ace/mode/python"));
  assert.equal(await code(), "import os\n");
  await tab("gone.py").focus();
  await press("Delete");
});

await step("a file that another program creates appears in the tree", async () => {
  put("outside.txt", "x");
  await item("outside.txt").waitFor();
});

await step("a file that is created while a name is edited appears afterwards, and the tree contains items only", async () => {
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

await step("quick open finds a file by a part of its name", async () => {
  await toTerminal();
  await press("Control+p");
  await page.getByRole("option", { name: "notes.md" }).waitFor();
  assert.equal(await page.locator("#picker-input").getAttribute("aria-expanded"), "true");
  await page.keyboard.type("///");
  await page.getByText("No name matches.").waitFor();
  await press("Enter");
  assert.equal(await page.locator("#picker-input").getAttribute("aria-expanded"), "false");
  await page.locator("#picker-input").fill("");
  await page.keyboard.type("ntsmd");
  await until("one option", async () => (await page.getByRole("option").count()) === 1);
  await picture("quick-open-1440x900");
  await press("Enter");
  await tab("notes.md").waitFor();
  await until("the text of the notes", async () => (await code()).startsWith("# Notes"));
});

await step("a file cannot be dropped on the page", async () => {
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
