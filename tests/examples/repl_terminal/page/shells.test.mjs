// Which answer is whose shell's.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { settled } from "../../../browser_client/support.mjs";
import { connect, makePage, toasts } from "./support.mjs";

const page = makePage(toasts);
const { Shells } = await page("shells.js");
const { told } = await page("toasts.js");

async function makeShells() {
  const world = await connect(page);
  world.shells = new Shells(world.connection);
  world.asked = async () => { await settled(); return world.take("requestTerminal"); };
  // The server's answer to a request for a shell.
  world.give = (request, sessionId) => {
    world.tell("terminalConnected", { sessionId, tag: request.data.tag });
    world.reply(request, { sessionId });
  };
  world.others = async () => {
    const listed = world.shells.listOthers();
    world.reply(world.take("listTerminals")[0], { terminals: [{ sessionId: "one" }, { sessionId: "other" }] });
    return (await listed).map(({ sessionId }) => sessionId);
  };
  return world;
}

// Both shells, each with its view.
async function makeBoth() {
  const world = await makeShells();
  world.views = [makeView(), makeView()];
  for (const [at, sessionId] of ["one", "other"].entries()) {
    const attached = world.shells.attach(world.views[at], {});
    world.give((await world.asked())[0], sessionId);
    await attached;
  }
  return world;
}

function makeView() {
  const view = { isGone: false, heard: [] };
  for (const name of ["connected", "replayed", "received", "sized", "ended", "detached"]) view[name] = (data) => view.heard.push([name, data.sessionId]);
  view.lost = () => view.heard.push(["lost"]);
  return view;
}

beforeEach(() => { told.length = 0; });

test("two that are asked for at once come one after the other, each to its own view", async () => {
  const { shells, asked, give } = await makeShells();
  const one = makeView(), other = makeView();
  const attached = [shells.attach(one, { cols: 80 }), shells.attach(other, { cols: 100 })];
  const first = await asked();
  assert.deepEqual(first.map(({ data }) => data.cols), [80]);
  give(first[0], "one");
  const second = await asked();
  assert.deepEqual(second.map(({ data }) => data.cols), [100]);
  give(second[0], "other");
  await Promise.all(attached);
  assert.deepEqual([one.heard, other.heard], [[["connected", "one"]], [["connected", "other"]]]);
});

test("a shell that comes too late is left alone, and the next request gets its own", async () => {
  const { shells, clock, asked, take, tell, give } = await makeShells();
  const one = makeView(), other = makeView();
  const late = shells.attach(one, {});
  const [first] = await asked();
  clock.advance(10_000);
  await assert.rejects(late, { message: "The server does not answer." });
  const attached = shells.attach(other, {});
  const [second] = await asked();
  tell("terminalConnected", { sessionId: "late", tag: first.data.tag });
  assert.deepEqual(take("detachTerminal").map(({ data }) => data.sessionId), ["late"]);
  give(second, "other");
  await attached;
  tell("terminalConnected", { sessionId: "nobody's" });
  assert.deepEqual(take("detachTerminal").map(({ data }) => data.sessionId), ["nobody's"]);
  assert.deepEqual([one.heard, other.heard], [[], [["connected", "other"]]]);
});

test("a view that is closed before its shell came ends a new shell, and only leaves an old one", async () => {
  const { shells, asked, take, tell, reply } = await makeShells();
  for (const [resumed, farewell] of [[false, "closeTerminal"], [true, "detachTerminal"]]) {
    const view = makeView();
    const attached = shells.attach(view, {});
    const [request] = await asked();
    view.isGone = true;
    tell("terminalConnected", { sessionId: "x", tag: request.data.tag, resumed });
    assert.deepEqual(take(farewell).map(({ data }) => data.sessionId), ["x"]);
    reply(request, {});
    await attached;
    assert.deepEqual(view.heard, []);
  }
});

test("each hears of its own shell", async () => {
  const { views, tell } = await makeBoth();
  tell("terminalOutput", { sessionId: "other", data: "x", end: 1 });
  tell("terminalSize", { sessionId: "one", cols: 1, rows: 1 });
  tell("terminalOutput", { sessionId: "stranger", data: "x", end: 1 });
  assert.deepEqual(views.map(({ heard }) => heard.slice(1)), [[["sized", "one"]], [["received", "other"]]]);
});

test("shells that ended, were closed, or were left are forgotten, and hear nothing more", async () => {
  for (const [leave, words] of [
    [({ tell }) => tell("terminalClosed", { sessionId: "one", code: 0 }), [["ended", "one"]]],
    [({ tell }) => tell("terminalDetached", { sessionId: "one" }), [["detached", "one"]]],
    [({ shells }) => shells.close("one"), []],
    [({ shells }) => shells.detach("one"), []],
  ]) {
    const world = await makeBoth();
    assert.deepEqual(await world.others(), []);
    leave(world);
    assert.deepEqual(await world.others(), ["one"]);
    world.tell("terminalOutput", { sessionId: "one", data: "x", end: 1 });
    assert.deepEqual(world.views[0].heard, [["connected", "one"], ...words]);
  }
});

test("a lost connection is told to every view, and to who waits for a shell", async () => {
  const world = await makeBoth();
  const waiting = world.shells.attach(makeView(), {});
  await world.asked();
  world.comeBack();
  await assert.rejects(waiting, /The connection was lost/);
  assert.deepEqual(world.views.map(({ heard }) => heard.at(-1)), [["lost"], ["lost"]]);
  const again = world.shells.attach(world.views[0], { sessionId: "one" });
  world.give((await world.asked())[0], "one");
  await again;
  assert.deepEqual(await world.others(), ["other"]);
});
