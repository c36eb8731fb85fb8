// Tests examples/chat in Chromium.
//   node chat.mjs PROGRAM SCREENSHOT_FOLDER
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { collectComplaints, launchBrowser, startProgram, step } from "./support.mjs";

const [program, screenshots] = process.argv.slice(2);
const wide = { width: 1440, height: 900 }, narrow = { width: 390, height: 844 };
mkdirSync(screenshots, { recursive: true });

let { server, exited, url } = await startProgram(program, ["--port", "0"]);
const browser = await launchBrowser();
const complaints = [];
// Chromium logs this error whenever the server is not running.
const isFailedConnection = (text) => /^WebSocket connection to .* failed: /.test(text);

// A test can set `window.fakeRandom`, and Math.random then returns it: 100 makes every reconnection delay 50 s or more.
async function openWindow(context, address = "/") {
  const page = await context.newPage();
  await page.addInitScript(() => {
    const { random } = Math;
    Math.random = () => window.fakeRandom ?? random();
  });
  collectComplaints(page, complaints, isFailedConnection);
  await page.goto(new URL(address, url).href);
  return page;
}
// Each person has a browser context, so each has a separate storage.
async function openPerson(address, options = {}) {
  return openWindow(await browser.newContext({ viewport: wide, colorScheme: "dark", reducedMotion: "reduce", ...options }), address);
}
async function joinRoom(page, nick, room) {
  await page.locator("#nick").fill(nick);
  if (room) await page.locator("#room").fill(room);
  await page.locator("#room").press("Enter");
  await page.locator("#room-view").waitFor();
}
async function say(page, text) {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
}
const bubble = (page, text) => page.locator(".bubble").getByText(text, { exact: true });
const waitForMessage = (page, text) => bubble(page, text).waitFor();
const shownTexts = (page) => page.locator(".bubble").allTextContents();
const waitForMembers = (page, ...nicks) => page.waitForFunction(
  (expected) => [...document.querySelectorAll("#members .nick")].map((nick) => nick.textContent).join() === expected, nicks.join());
const waitForTyping = (page, text) => page.waitForFunction((expected) => document.getElementById("typing").textContent === expected, text);
const waitForState = (page, text) => page.locator("#room-view [data-state-text]").getByText(text).waitFor();
const screenshot = (page, name) => page.screenshot({ path: join(screenshots, `chat-${name}.png`) });
function isScrolledToEnd() { // runs in the page
  const { scrollHeight, scrollTop, clientHeight } = document.getElementById("log");
  return scrollHeight - scrollTop - clientHeight < 2;
}
async function checkWidth(page, view) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${view} is wider than the window`);
}

try {
  const ada = await openPerson("/");
  const bob = await openPerson("/#tea", { colorScheme: "light", viewport: narrow, hasTouch: true, isMobile: true });

  await step("the join form asks for a nick and a room; a link to a room fills in the room", async () => {
    await screenshot(ada, "join-form-1440x900-dark");
    await screenshot(bob, "join-form-390x844-light");
    assert.equal(await bob.locator("#room").inputValue(), "tea");
    await bob.locator("#join-button").click();
    await bob.locator("#join-error").getByText("Enter a nick.").waitFor();
  });

  await step("two windows in one room see each other's messages and members", async () => {
    await joinRoom(ada, "Ada", "tea");
    assert.equal(new URL(ada.url()).hash, "#tea");
    await waitForMembers(ada, "Ada");
    await waitForState(ada, "Connected");
    await joinRoom(bob, "Bob");
    await waitForMembers(ada, "Ada", "Bob");
    await waitForMembers(bob, "Ada", "Bob");
    await say(ada, "Good morning! Is anybody here yet?");
    await waitForMessage(bob, "Good morning! Is anybody here yet?");
    await say(bob, "I am, and I have the kettle on. What do we need?");
    await waitForMessage(ada, "I am, and I have the kettle on. What do we need?");
    assert.equal(await ada.locator(".own").count(), 1);
    assert.equal(await bob.locator(".own .bubble").textContent(), "I am, and I have the kettle on. What do we need?");
    assert.equal(await bob.locator("#show-people").textContent(), "2 people");
  });

  await step("Shift+Enter begins a new line, and consecutive messages of one member share a header", async () => {
    await ada.locator("#text").fill("Three things:");
    for (const line of ["water", "leaves"]) {
      await ada.locator("#text").press("Shift+Enter");
      await ada.keyboard.type(line);
    }
    await ada.locator("#text").press("Enter");
    await waitForMessage(bob, "Three things:\nwater\nleaves");
    await say(ada, "and time.");
    await waitForMessage(bob, "and time.");
    assert.equal(await bob.locator(".message.grouped").count(), 1);
    assert.equal(await bob.locator(".divider").count(), 1);
  });

  await step("HTML is shown as text, and a URL becomes a link", async () => {
    const evil = "<img src=x onerror=document.title='owned'> javascript:alert(1)";
    await say(bob, evil);
    await waitForMessage(ada, evil);
    assert.equal(await ada.locator("#log img, #log script").count(), 0);
    await say(bob, "see https://example.org/tea?a=1&b=<2>, then http://[broken and “https://example.org/(x)”).");
    await ada.locator(".bubble a").nth(1).waitFor();
    assert.deepEqual(await ada.locator(".bubble a").evaluateAll((links) => links.map(({ href, rel }) => [href, rel])), [
      ["https://example.org/tea?a=1&b=", "noopener noreferrer nofollow"], ["https://example.org/(x)", "noopener noreferrer nofollow"]]);
    assert.match(await ada.title(), /^#tea/);
  });

  const cleo = await openPerson("/#tea", { colorScheme: "light" });
  await step("a member that joins later sees the history", async () => {
    await joinRoom(cleo, "Cleo");
    assert.deepEqual(await shownTexts(cleo), await shownTexts(ada));
    await waitForMembers(bob, "Ada", "Bob", "Cleo");
  });

  await step("a member sees the other members that are typing", async () => {
    await bob.locator("#text").pressSequentially("It is ready when you");
    await waitForTyping(ada, "Bob is typing…");
    await cleo.locator("#text").pressSequentially("Me");
    await waitForTyping(ada, "Bob and Cleo are typing…");
    await waitForTyping(cleo, "Bob is typing…");
    await screenshot(ada, "1440x900-dark");
    await bob.locator("#text").press("Enter");
    await waitForMessage(ada, "It is ready when you");
    await waitForTyping(ada, "Cleo is typing…");
    await cleo.locator("#text").fill("");
  });

  await step("a message appears in its own room only", async () => {
    const dan = await openPerson("/#coffee");
    await joinRoom(dan, "Ada"); // the nick is free in this room
    await say(ada, "only for tea");
    await waitForMessage(bob, "only for tea");
    await say(dan, "only for coffee");
    await waitForMessage(dan, "only for coffee");
    assert.deepEqual(await shownTexts(dan), ["only for coffee"]);
    await waitForMembers(dan, "Ada");
    await dan.locator("#leave").click();
    await dan.locator("#join-view").waitFor();
    await dan.goto(new URL("/#tea", url).href);
    await dan.locator("#join-button").click();
    await dan.locator("#join-error").getByText("Another person in this room has this nick").waitFor();
    await dan.context().close();
  });

  await step("a reload joins the room again, and each message is shown once", async () => {
    const before = await shownTexts(ada);
    await ada.reload();
    await waitForMessage(ada, "only for tea");
    assert.deepEqual(await shownTexts(ada), before);
    await waitForMembers(bob, "Ada", "Bob", "Cleo");
  });

  await step("a second window of the same person replaces the first, and the first says so", async () => {
    const second = await openWindow(ada.context(), "/#tea");
    await second.locator("#join-button").click();
    await second.locator("#room-view").waitFor();
    await ada.locator("#join-error").getByText("You have joined from another window.").waitFor();
    await ada.locator("#join-button").click(); // takes the nick back
    await ada.locator("#room-view").waitFor();
    await second.locator("#join-error").getByText("You have joined from another window.").waitFor();
    await second.close();
    await waitForMembers(bob, "Ada", "Bob", "Cleo");
  });

  await step("on a phone the members are in a drawer, and every control measures at least 44 px", async () => {
    await screenshot(bob, "390x844-light");
    await bob.locator("#show-people").click();
    await bob.locator("#members").getByText("Cleo").waitFor();
    await screenshot(bob, "people-390x844-light");
    await bob.keyboard.press("Escape");
    await bob.locator("#people").waitFor({ state: "hidden" });
    await bob.locator("#show-people").click();
    await bob.locator("#hide-people").click();
    await bob.locator("#people").waitFor({ state: "hidden" });
    await checkWidth(bob, "the room");
    const small = await bob.locator("button:visible, input:visible, textarea:visible").evaluateAll(
      (controls) => controls.filter((control) => { const { width, height } = control.getBoundingClientRect(); return Math.min(width, height) < 44; }).map(({ id }) => id));
    assert.deepEqual(small, []);
    await bob.setViewportSize({ width: 390, height: 480 }); // as if the keyboard had opened
    await bob.waitForFunction(() => innerHeight === 480);
    await bob.waitForFunction(isScrolledToEnd);
    await bob.locator("#text").fill("Milk?\nSugar?\nLemon?");
    await bob.waitForFunction(isScrolledToEnd);
    await bob.evaluate(() => { // a scroll event that comes after a resize but before its ResizeObserver
      document.getElementById("text").style.height = "200px";
      document.getElementById("log").dispatchEvent(new Event("scroll"));
    });
    await bob.waitForFunction(isScrolledToEnd);
    await screenshot(bob, "keyboard-390x480-light");
    await bob.locator("#text").fill("");
    await bob.setViewportSize(narrow);
    await bob.emulateMedia({ colorScheme: "dark" });
    await screenshot(bob, "390x844-dark");
    await bob.emulateMedia({ colorScheme: "light" });
    await screenshot(cleo, "1440x900-light");
  });

  await step("a new message does not scroll a list that shows old messages; a button announces it", async () => {
    for (let number = 1; number <= 40; ++number) await say(cleo, `line ${number}`);
    await waitForMessage(bob, "line 40");
    await bob.locator("#log").evaluate((log) => { log.scrollTop = 0; });
    await bob.waitForFunction(() => new Promise((resolve) => requestAnimationFrame(() => resolve(true))));
    await say(ada, "the newest");
    await bob.locator("#new-messages").waitFor();
    assert.equal(await bob.locator("#log").evaluate((log) => log.scrollTop), 0);
    await screenshot(bob, "new-messages-390x844-light");
    await bob.locator("#new-messages").click();
    await bob.locator("#new-messages").waitFor({ state: "hidden" });
    await bob.waitForFunction(isScrolledToEnd);
  });

  await step("the console is empty and every HTTP request succeeded", () => assert.deepEqual(complaints, []));

  await step("while the server is stopped, the page says that it reconnects, and keeps new messages", async () => {
    server.kill("SIGTERM");
    assert.deepEqual(await exited, { code: 0, signal: null });
    await waitForState(ada, /^Reconnecting/);
    await waitForState(bob, /^Reconnecting/);
    await say(ada, "written while disconnected");
    await say(ada, "and this too");
    assert.equal(await ada.locator(".unsent").count(), 2);
    await ada.locator(".unsent .note").getByText("Will be sent after reconnecting").nth(1).waitFor();
    await ada.emulateMedia({ colorScheme: "light" });
    await screenshot(ada, "reconnecting-1440x900-light");
    await ada.setViewportSize(narrow);
    await ada.emulateMedia({ colorScheme: "dark" });
    await screenshot(ada, "reconnecting-390x844-dark");
    await checkWidth(ada, "the room while reconnecting");
    await ada.setViewportSize(wide);
  });

  await step("when the server runs again all windows reconnect, and kept messages arrive once and in order", async () => {
    ({ server, exited } = await startProgram(program, ["--port", url.port]));
    await waitForState(bob, "Connected");
    await waitForState(ada, "Connected");
    await waitForState(cleo, "Connected");
    await waitForMessage(bob, "and this too");
    await waitForMessage(cleo, "and this too");
    for (const page of [ada, bob, cleo]) {
      await page.waitForFunction(() => !document.querySelector(".unsent"));
      await waitForMembers(page, "Ada", "Bob", "Cleo");
      assert.deepEqual((await shownTexts(page)).slice(-3), ["the newest", "written while disconnected", "and this too"]);
    }
    await screenshot(bob, "reconnected-390x844-light");
    await say(bob, "welcome back");
    await waitForMessage(ada, "welcome back");
  });

  await step("a member that closes the window disappears from the list of the others", async () => {
    await cleo.close();
    await waitForMembers(ada, "Ada", "Bob");
    await waitForMembers(bob, "Ada", "Bob");
  });

  await step("the button Retry now ends the delay", async () => {
    await ada.evaluate(() => { window.fakeRandom = 100; });
    server.kill("SIGKILL"); // without a closing handshake
    await exited;
    await waitForState(ada, /^Reconnecting/);
    assert.match(await ada.locator("#room-view [data-delay]").textContent(), /^in \d{2,} s$/);
    ({ server, exited } = await startProgram(program, ["--port", url.port]));
    await ada.locator("#retry").click();
    await waitForState(ada, "Connected");
    await waitForState(bob, "Connected");
    await ada.locator("#retry").waitFor({ state: "hidden" });
    await say(ada, "here again");
    await waitForMessage(bob, "here again");
    assert.deepEqual(complaints, []);
  });
} finally {
  await browser.close();
  server.kill("SIGKILL");
}
