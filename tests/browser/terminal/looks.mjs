// Themes, font sizes, and the layout on a phone.
import assert from "node:assert/strict";
import { join } from "node:path";
import { collectComplaints, step } from "../support.mjs";
import {
  browser, complaints, context, page, picture, press, ready, screenshots, sees, tab, toTerminal, type, url,
} from "./session.mjs";

await step("theme and font size can be changed, and survive a reload", async () => {
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

await step("on a phone every control is at least 44 pixels high", async () => {
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
