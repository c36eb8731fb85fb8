// Drives examples/chat with real browsers.
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
const isRefusal = (text) => /^WebSocket connection to .* failed: /.test(text); // Chromium says so whenever a server is away

// `chance` in the page, where a test sets it, is what Math.random answers: 100 makes every pause 50 s or more.
async function openWindow(context, address = "/") {
  const page = await context.newPage();
  await page.addInitScript(() => {
    const { random } = Math;
    Math.random = () => window.chance ?? random();
  });
  collectComplaints(page, complaints, isRefusal);
  await page.goto(new URL(address, url).href);
  return page;
}
// Each person has a context: a browser of his own, with a storage of its own.
async function openPerson(address, options = {}) {
  return openWindow(await browser.newContext({ viewport: wide, colorScheme: "dark", reducedMotion: "reduce", ...options }), address);
}
async function enter(page, nick, room) {
  await page.locator("#nick").fill(nick);
  if (room) await page.locator("#room").fill(room);
  await page.locator("#room").press("Enter");
  await page.locator("#inside").waitFor();
}
async function say(page, text) {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
}
const bubble = (page, text) => page.locator(".bubble").getByText(text, { exact: true });
const hears = (page, text) => bubble(page, text).waitFor();
const said = (page) => page.locator(".bubble").allTextContents();
const members = (page, ...nicks) => page.waitForFunction(
  (wanted) => [...document.querySelectorAll("#members .nick")].map((one) => one.textContent).join() === wanted, nicks.join());
const typingLine = (page, words) => page.waitForFunction((wanted) => document.getElementById("typing").textContent === wanted, words);
const state = (page, words) => page.locator("#inside [data-words]").getByText(words).waitFor();
const shoot = (page, name) => page.screenshot({ path: join(screenshots, `chat-${name}.png`) });
function isAtTheEnd() { // runs in the page
  const { scrollHeight, scrollTop, clientHeight } = document.getElementById("log");
  return scrollHeight - scrollTop - clientHeight < 2;
}
async function isNoWider(page, what) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${what} is wider than the window`);
}

try {
  const ada = await openPerson("/");
  const bob = await openPerson("/#tea", { colorScheme: "light", viewport: narrow, hasTouch: true, isMobile: true });

  await step("the door asks for a nick and a room; a link has filled in the room", async () => {
    await shoot(ada, "door-1440x900-dark");
    await shoot(bob, "door-390x844-light");
    assert.equal(await bob.locator("#room").inputValue(), "tea");
    await bob.locator("#enter").click();
    await bob.locator("#problem").getByText("Say which nick you want.").waitFor();
  });

  await step("two windows see each other", async () => {
    await enter(ada, "Ada", "tea");
    assert.equal(new URL(ada.url()).hash, "#tea");
    await members(ada, "Ada");
    await state(ada, "Connected");
    await enter(bob, "Bob");
    await members(ada, "Ada", "Bob");
    await members(bob, "Ada", "Bob");
    await say(ada, "Good morning! Is anybody here yet?");
    await hears(bob, "Good morning! Is anybody here yet?");
    await say(bob, "I am, and I have the kettle on. What do we need?");
    await hears(ada, "I am, and I have the kettle on. What do we need?");
    assert.equal(await ada.locator(".own").count(), 1);
    assert.equal(await bob.locator(".own .bubble").textContent(), "I am, and I have the kettle on. What do we need?");
    assert.equal(await bob.locator("#show-people").textContent(), "2 people");
  });

  await step("Shift+Enter begins a line, and consecutive messages share a head", async () => {
    await ada.locator("#text").fill("Three things:");
    for (const line of ["water", "leaves"]) {
      await ada.locator("#text").press("Shift+Enter");
      await ada.keyboard.type(line);
    }
    await ada.locator("#text").press("Enter");
    await hears(bob, "Three things:\nwater\nleaves");
    await say(ada, "and time.");
    await hears(bob, "and time.");
    assert.equal(await bob.locator(".message.again").count(), 1);
    assert.equal(await bob.locator(".divider").count(), 1);
  });

  await step("HTML is shown as text, and a link is one", async () => {
    const evil = "<img src=x onerror=document.title='owned'> javascript:alert(1)";
    await say(bob, evil);
    await hears(ada, evil);
    assert.equal(await ada.locator("#log img, #log script").count(), 0);
    await say(bob, "see https://example.org/tea?a=1&b=<2>, then http://[broken and “https://example.org/(x)”).");
    await ada.locator(".bubble a").nth(1).waitFor();
    assert.deepEqual(await ada.locator(".bubble a").evaluateAll((all) => all.map((one) => [one.href, one.rel])), [
      ["https://example.org/tea?a=1&b=", "noopener noreferrer nofollow"], ["https://example.org/(x)", "noopener noreferrer nofollow"]]);
    assert.match(await ada.title(), /^#tea/);
  });

  const cleo = await openPerson("/#tea", { colorScheme: "light" });
  await step("who joins later finds the history", async () => {
    await enter(cleo, "Cleo");
    assert.deepEqual(await said(cleo), await said(ada));
    await members(bob, "Ada", "Bob", "Cleo");
  });

  await step("everybody sees who is typing, but not himself", async () => {
    await bob.locator("#text").pressSequentially("It is ready when you");
    await typingLine(ada, "Bob is typing…");
    await cleo.locator("#text").pressSequentially("Me");
    await typingLine(ada, "Bob and Cleo are typing…");
    await typingLine(cleo, "Bob is typing…");
    await shoot(ada, "1440x900-dark");
    await bob.locator("#text").press("Enter");
    await hears(ada, "It is ready when you");
    await typingLine(ada, "Cleo is typing…");
    await cleo.locator("#text").fill("");
  });

  await step("another room hears nothing", async () => {
    const dan = await openPerson("/#coffee");
    await enter(dan, "Ada"); // the nick is free in here
    await say(ada, "only for tea");
    await hears(bob, "only for tea");
    await say(dan, "only for coffee");
    await hears(dan, "only for coffee");
    assert.deepEqual(await said(dan), ["only for coffee"]);
    await members(dan, "Ada");
    await dan.locator("#leave").click();
    await dan.locator("#door").waitFor();
    await dan.goto(new URL("/#tea", url).href);
    await dan.locator("#enter").click();
    await dan.locator("#problem").getByText("Somebody in the room has this nick").waitFor();
    await dan.context().close();
  });

  await step("who reloads is inside again, and sees everything once", async () => {
    const before = await said(ada);
    await ada.reload();
    await hears(ada, "only for tea");
    assert.deepEqual(await said(ada), before);
    await members(bob, "Ada", "Bob", "Cleo");
  });

  await step("the same person's other window takes over, and the first one says so", async () => {
    const second = await openWindow(ada.context(), "/#tea");
    await second.locator("#enter").click();
    await second.locator("#inside").waitFor();
    await ada.locator("#problem").getByText("You have joined from another window.").waitFor();
    await ada.locator("#enter").click(); // and back
    await ada.locator("#inside").waitFor();
    await second.locator("#problem").getByText("You have joined from another window.").waitFor();
    await second.close();
    await members(bob, "Ada", "Bob", "Cleo");
  });

  await step("a phone has people in a drawer, and everything at a thumb's size", async () => {
    await shoot(bob, "390x844-light");
    await bob.locator("#show-people").click();
    await bob.locator("#members").getByText("Cleo").waitFor();
    await shoot(bob, "people-390x844-light");
    await bob.keyboard.press("Escape");
    await bob.locator("#people").waitFor({ state: "hidden" });
    await bob.locator("#show-people").click();
    await bob.locator("#hide-people").click();
    await bob.locator("#people").waitFor({ state: "hidden" });
    await isNoWider(bob, "the room");
    const small = await bob.locator("button:visible, input:visible, textarea:visible").evaluateAll(
      (all) => all.filter((one) => { const { width, height } = one.getBoundingClientRect(); return Math.min(width, height) < 44; }).map((one) => one.id));
    assert.deepEqual(small, []);
    await bob.setViewportSize({ width: 390, height: 480 }); // a keyboard came up
    await bob.waitForFunction(() => innerHeight === 480);
    await bob.waitForFunction(isAtTheEnd);
    await bob.locator("#text").fill("Milk?\nSugar?\nLemon?");
    await bob.waitForFunction(isAtTheEnd);
    await bob.evaluate(() => { // a late event of an earlier scroll comes between a change of size and its observer
      document.getElementById("text").style.height = "200px";
      document.getElementById("log").dispatchEvent(new Event("scroll"));
    });
    await bob.waitForFunction(isAtTheEnd);
    await shoot(bob, "keyboard-390x480-light");
    await bob.locator("#text").fill("");
    await bob.setViewportSize(narrow);
    await bob.emulateMedia({ colorScheme: "dark" });
    await shoot(bob, "390x844-dark");
    await bob.emulateMedia({ colorScheme: "light" });
    await shoot(cleo, "1440x900-light");
  });

  await step("a reader of old messages is left where he is, and told of new ones", async () => {
    for (let number = 1; number <= 40; ++number) await say(cleo, `line ${number}`);
    await hears(bob, "line 40");
    await bob.locator("#log").evaluate((log) => { log.scrollTop = 0; });
    await bob.waitForFunction(() => new Promise((resolve) => requestAnimationFrame(() => resolve(true))));
    await say(ada, "the newest");
    await bob.locator("#to-end").waitFor();
    assert.equal(await bob.locator("#log").evaluate((log) => log.scrollTop), 0);
    await shoot(bob, "new-messages-390x844-light");
    await bob.locator("#to-end").click();
    await bob.locator("#to-end").waitFor({ state: "hidden" });
    await bob.waitForFunction(isAtTheEnd);
  });

  await step("the console is empty and every request succeeded", () => assert.deepEqual(complaints, []));

  await step("while the server is away, the page says so and keeps what is said", async () => {
    server.kill("SIGTERM");
    assert.deepEqual(await exited, { code: 0, signal: null });
    await state(ada, /^Away/);
    await state(bob, /^Away/);
    await say(ada, "said while away");
    await say(ada, "and this too");
    assert.equal(await ada.locator(".unsent").count(), 2);
    await ada.locator(".unsent .note").getByText("Waits until you are back").nth(1).waitFor();
    await ada.emulateMedia({ colorScheme: "light" });
    await shoot(ada, "away-1440x900-light");
    await ada.setViewportSize(narrow);
    await ada.emulateMedia({ colorScheme: "dark" });
    await shoot(ada, "away-390x844-dark");
    await isNoWider(ada, "the room while away");
    await ada.setViewportSize(wide);
  });

  await step("when it is there again both come back, and what was said arrives, once and in order", async () => {
    ({ server, exited } = await startProgram(program, ["--port", url.port]));
    await state(bob, "Connected");
    await state(ada, "Connected");
    await state(cleo, "Connected");
    await hears(bob, "and this too");
    await hears(cleo, "and this too");
    for (const page of [ada, bob, cleo]) {
      await page.waitForFunction(() => !document.querySelector(".unsent"));
      await members(page, "Ada", "Bob", "Cleo");
      assert.deepEqual((await said(page)).slice(-3), ["the newest", "said while away", "and this too"]);
    }
    await shoot(bob, "back-390x844-light");
    await say(bob, "welcome back");
    await hears(ada, "welcome back");
  });

  await step("who closes the window is gone for the others", async () => {
    await cleo.close();
    await members(ada, "Ada", "Bob");
    await members(bob, "Ada", "Bob");
  });

  await step("retrying now cuts the pause short", async () => {
    await ada.evaluate(() => { window.chance = 100; });
    server.kill("SIGKILL"); // no good-bye this time
    await exited;
    await state(ada, /^Away/);
    assert.match(await ada.locator("#inside [data-delay]").textContent(), /^in \d{2,} s$/);
    ({ server, exited } = await startProgram(program, ["--port", url.port]));
    await ada.locator("#retry").click();
    await state(ada, "Connected");
    await state(bob, "Connected");
    await ada.locator("#retry").waitFor({ state: "hidden" });
    await say(ada, "here again");
    await hears(bob, "here again");
    assert.deepEqual(complaints, []);
  });
} finally {
  await browser.close();
  server.kill("SIGKILL");
}
