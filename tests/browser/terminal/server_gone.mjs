// The server stops and restarts. This must be the last file, because the page logs errors from here on.
import assert from "node:assert/strict";
import { step } from "../support.mjs";
import { context, exited, page, picture, sees, server, shellProcess, start, toast, type, url } from "./session.mjs";

await step("input while disconnected is refused with a toast", async () => {
  server.kill("SIGTERM");
  assert.deepEqual(await exited, { code: 0, signal: null });
  assert.throws(() => process.kill(shellProcess.id, 0), "the shell outlived the server");
  await page.locator("#state").getByText("Reconnecting in").waitFor();
  await page.locator(".split:not([hidden]) .screen").click();
  await page.keyboard.type("x");
  await toast("what you type is not sent").waitFor();
  await picture("away-1440x900");
});

await step("the page reconnects to a restarted server and gets a new shell", async () => {
  await start("--auth", "none");
  await page.locator("body[data-state=connected]").waitFor({ timeout: 60_000 });
  await sees(/The earlier shell is gone\. This is a new one\.\n[^]*[$#] $/m);
  await type("echo new-$((9*9))");
  await sees(/new-81/);
});

await step("a refused connection is reported as refused", async () => {
  server.kill("SIGTERM");
  await exited;
  await start();
  await page.locator("#state").getByText("Access refused").waitFor({ timeout: 60_000 });
  await picture("refused-1440x900");
});

await step("a refused page reconnects after another tab has redeemed the token", async () => {
  const other = await context.newPage();
  await other.goto(url.href);
  await other.locator("body[data-state=connected]").waitFor();
  await other.close();
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.locator("body[data-state=connected]").waitFor();
});
