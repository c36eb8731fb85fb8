// The answers of terminal requests are matched to their views.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { settled } from "../../../browser_client/support.mjs";
import { connect, makePage, toasts } from "./support.mjs";

const page = makePage(toasts);
const { Shells } = await page("shells.js");
const { shownToasts } = await page("toasts.js");

async function makeShells() {
  const world = await connect(page);
  world.shells = new Shells(world.connection);
  world.asked = async () => { await settled(); return world.take("requestTerminal"); };
  // Answers a request for a shell.
  world.answer = (request, sessionId) => {
    world.receive("terminalConnected", { sessionId, tag: request.data.tag });
    world.reply(request, { sessionId });
  };
  world.others = async () => {
    const listed = world.shells.listOthers();
    world.reply(world.take("listTerminals")[0], { terminals: [{ sessionId: "one" }, { sessionId: "other" }] });
    return (await listed).map(({ sessionId }) => sessionId);
  };
  return world;
}

// Attaches a view to each of two shells.
async function makeBoth() {
  const world = await makeShells();
  world.views = [makeView(), makeView()];
  for (const [at, sessionId] of ["one", "other"].entries()) {
    const attached = world.shells.attach(world.views[at], {});
    world.answer((await world.asked())[0], sessionId);
    await attached;
  }
  return world;
}

function makeView() {
  const view = { isGone: false, calls: [] };
  for (const name of ["connected", "replayed", "received", "sized", "ended", "detached"]) view[name] = (data) => view.calls.push([name, data.sessionId]);
  view.lost = () => view.calls.push(["lost"]);
  return view;
}

beforeEach(() => { shownToasts.length = 0; });

test("two concurrent requests are sent one at a time, and each view gets its own shell", async () => {
  const { shells, asked, answer } = await makeShells();
  const one = makeView(), other = makeView();
  const attached = [shells.attach(one, { cols: 80 }), shells.attach(other, { cols: 100 })];
  const first = await asked();
  assert.deepEqual(first.map(({ data }) => data.cols), [80]);
  answer(first[0], "one");
  const second = await asked();
  assert.deepEqual(second.map(({ data }) => data.cols), [100]);
  answer(second[0], "other");
  await Promise.all(attached);
  assert.deepEqual([one.calls, other.calls], [[["connected", "one"]], [["connected", "other"]]]);
});

test("a shell whose answer is late is detached, and the next request gets its own shell", async () => {
  const { shells, clock, asked, take, receive, answer } = await makeShells();
  const one = makeView(), other = makeView();
  const late = shells.attach(one, {});
  const [first] = await asked();
  clock.advance(10_000);
  await assert.rejects(late, { message: "The server does not answer." });
  const attached = shells.attach(other, {});
  const [second] = await asked();
  receive("terminalConnected", { sessionId: "late", tag: first.data.tag });
  assert.deepEqual(take("detachTerminal").map(({ data }) => data.sessionId), ["late"]);
  answer(second, "other");
  await attached;
  receive("terminalConnected", { sessionId: "unknown" });
  assert.deepEqual(take("detachTerminal").map(({ data }) => data.sessionId), ["unknown"]);
  assert.deepEqual([one.calls, other.calls], [[], [["connected", "other"]]]);
});

test("a late answer does not detach a shell that is requested again or attached", async () => {
  const { shells, clock, asked, take, receive, answer } = await makeShells();
  const view = makeView();
  const late = shells.attach(view, { sessionId: "one" });
  const [first] = await asked();
  clock.advance(10_000);
  await assert.rejects(late);
  const attached = shells.attach(view, { sessionId: "one" });
  const [second] = await asked();
  answer(first, "one");
  answer(second, "one");
  await attached;
  receive("terminalConnected", { sessionId: "one", tag: first.data.tag });
  assert.deepEqual(take("detachTerminal"), []);
  receive("terminalOutput", { sessionId: "one", data: "x", end: 1 });
  assert.deepEqual(view.calls, [["connected", "one"], ["received", "one"]]);
});

test("closing a view before its shell is attached ends a new shell and detaches an existing one", async () => {
  const { shells, asked, take, receive, reply } = await makeShells();
  for (const [resumed, farewell] of [[false, "closeTerminal"], [true, "detachTerminal"]]) {
    const view = makeView();
    const attached = shells.attach(view, {});
    const [request] = await asked();
    view.isGone = true;
    receive("terminalConnected", { sessionId: "x", tag: request.data.tag, resumed });
    assert.deepEqual(take(farewell).map(({ data }) => data.sessionId), ["x"]);
    reply(request, {});
    await attached;
    assert.deepEqual(view.calls, []);
  }
});

test("each view gets the events of its own shell", async () => {
  const { views, receive } = await makeBoth();
  receive("terminalOutput", { sessionId: "other", data: "x", end: 1 });
  receive("terminalSize", { sessionId: "one", cols: 1, rows: 1 });
  receive("terminalOutput", { sessionId: "stranger", data: "x", end: 1 });
  assert.deepEqual(views.map(({ calls }) => calls.slice(1)), [[["sized", "one"]], [["received", "other"]]]);
});

test("ended, closed and detached shells are removed, and their views get no more events", async () => {
  for (const [leave, words] of [
    [({ receive }) => receive("terminalClosed", { sessionId: "one", code: 0 }), [["ended", "one"]]],
    [({ receive }) => receive("terminalDetached", { sessionId: "one" }), [["detached", "one"]]],
    [({ shells }) => shells.close("one"), []],
    [({ shells }) => shells.detach("one"), []],
  ]) {
    const world = await makeBoth();
    assert.deepEqual(await world.others(), []);
    leave(world);
    assert.deepEqual(await world.others(), ["one"]);
    world.receive("terminalOutput", { sessionId: "one", data: "x", end: 1 });
    assert.deepEqual(world.views[0].calls, [["connected", "one"], ...words]);
  }
});

test("a lost connection is reported to every view and rejects the pending request", async () => {
  const world = await makeBoth();
  const waiting = world.shells.attach(makeView(), {});
  await world.asked();
  await world.reconnect();
  await assert.rejects(waiting, /The connection was lost/);
  assert.deepEqual(world.views.map(({ calls }) => calls.at(-1)), [["lost"], ["lost"]]);
  const again = world.shells.attach(world.views[0], { sessionId: "one" });
  world.answer((await world.asked())[0], "one");
  await again;
  assert.deepEqual(await world.others(), ["other"]);
});
