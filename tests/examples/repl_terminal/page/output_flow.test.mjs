// Acknowledgement of drawn output.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makePage } from "./support.mjs";

const page = makePage();
const { OutputFlow } = await page("output_flow.js");
const STEP = 64 * 1024;

test("all received output is acknowledged when it is drawn", () => {
  const flow = new OutputFlow();
  flow.receive(5);
  assert.ok(flow.isDue(5));
  flow.acknowledged(5);
  assert.ok(!flow.isDue(5));
});

test("output is acknowledged in intervals while more waits to be drawn", () => {
  const flow = new OutputFlow();
  flow.receive(3 * STEP);
  assert.ok(!flow.isDue(STEP - 1));
  assert.ok(flow.isDue(STEP));
  flow.acknowledged(STEP);
  assert.ok(!flow.isDue(2 * STEP - 1));
  assert.ok(flow.isDue(2 * STEP));
  assert.ok(flow.isDue(3 * STEP));
});

test("drawn output stays due until it is acknowledged", () => {
  const flow = new OutputFlow();
  flow.receive(STEP);
  assert.ok(flow.isDue(STEP));
  flow.receive(STEP + 10);
  assert.ok(flow.isDue(STEP));
  assert.ok(flow.isDue(STEP + 10));
});
