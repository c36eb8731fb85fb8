// What is drawn and acknowledged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makePage } from "./support.mjs";

const page = makePage();
const { OutputFlow } = await page("output_flow.js");
const STEP = 64 * 1024;

test("all that came is acknowledged once it is drawn", () => {
  const flow = new OutputFlow();
  flow.receive(5);
  assert.ok(flow.isDue(5));
  flow.acknowledged(5);
  assert.ok(!flow.isDue(5));
});

test("while more waits to be drawn, it is in steps", () => {
  const flow = new OutputFlow();
  flow.receive(3 * STEP);
  assert.ok(!flow.isDue(STEP - 1));
  assert.ok(flow.isDue(STEP));
  flow.acknowledged(STEP);
  assert.ok(!flow.isDue(2 * STEP - 1));
  assert.ok(flow.isDue(2 * STEP));
  assert.ok(flow.isDue(3 * STEP));
});

test("what is drawn and was not acknowledged stays due", () => {
  const flow = new OutputFlow();
  flow.receive(STEP);
  assert.ok(flow.isDue(STEP));
  flow.receive(STEP + 10);
  assert.ok(flow.isDue(STEP));
  assert.ok(flow.isDue(STEP + 10));
});
