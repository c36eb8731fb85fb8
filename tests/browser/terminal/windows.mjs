// Several windows, a lost connection, the end of a shell, and refused access.
import assert from "node:assert/strict";
import { request } from "node:http";
import { join } from "node:path";
import { startProxy, step } from "../support.mjs";
import {
  browser, complaints, context, page, press, ready, screenshots, sees, shellProcess, textOf, toTerminal, type, until, url,
} from "./session.mjs";

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

await step("another window can watch the same shell", async () => {
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

await step("a lost connection is restored with its shell and output", async () => {
  const proxy = await startProxy(url.port);
  const [cookie] = await context.cookies();
  await context.addCookies([{ ...cookie, name: cookie.name.replace(url.port, proxy.port) }]);  // the cookie's name contains the port
  const other = await context.newPage();
  await other.goto(`http://${url.hostname}:${proxy.port}/`);
  await sees(/[$#] $/m, 15_000, other);
  await type("echo mark-$((8*8)) shell-$$-", other);
  const shellId = (await sees(/mark-64 shell-(\d+)-/, 15_000, other))[1];
  proxy.refuse();
  await other.locator("body[data-state=away]").waitFor();
  await other.keyboard.type("lost");
  await other.locator(".toast").getByText("what you type is not sent").waitFor();
  proxy.accept();
  await other.locator("body[data-state=connected]").waitFor();
  await until("the shell", () => other.evaluate(() => window.terminals.active.state === "running"));
  await sees(/mark-64 shell-/, 15_000, other);
  await type("echo again-$$-", other);
  assert.equal((await sees(/again-(\d+)-/, 15_000, other))[1], shellId);
  assert.doesNotMatch(await textOf(other), /lost/);
  await other.close();
  proxy.stop();
});

await step("the end of a shell is written after its output, and Enter starts a new shell below", async () => {
  await toTerminal();
  await type("clear; seq 1 5; exit 3");
  await sees(/\n1\n2\n3\n4\n5\n(?:exit\n)?The shell ended with code 3\. Enter starts a new one\.\n/);
  await page.getByRole("tab", { name: /ended/ }).waitFor();
  await press("Enter");
  await sees(/\n5\n(?:exit\n)?The shell ended with code 3\. Enter starts a new one\.\n[^]*[$#] $/m);
  await type("echo again-$$-");
  shellProcess.id = Number((await sees(/again-(\d+)-/))[1]);
  await type("kill -9 $$");
  await sees(/The shell ended by signal 9\./);
  await press("Enter");
  await ready();
  await type("echo third-$$-");
  shellProcess.id = Number((await sees(/third-(\d+)-/))[1]);
});

await step("the token works once, and requests without its cookie are refused", async () => {
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
