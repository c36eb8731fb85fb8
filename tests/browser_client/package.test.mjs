// Tests the folder src/browser as an npm package.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as client from "../../src/browser/client.js";

const read = (name) => readFileSync(new URL(`../../src/browser/${name}`, import.meta.url), "utf8");
const manifest = JSON.parse(read("package.json"));

test("the module has at most 5 kB gzipped, without minification", () => {
  const size = gzipSync(read("client.js"), { level: 9 }).length;
  assert.ok(size < 5120, `${size} bytes`);
});

test("the module has no dependencies", () => {
  assert.doesNotMatch(read("client.js"), /\bimport\b|\brequire\b|\bconsole\b/);
  assert.equal(manifest.dependencies, undefined);
});

test("the module exports exactly the values that its types declare", () => {
  const declared = [...read("client.d.ts").matchAll(/^export (?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(client).sort(), declared.sort());
});

test("the types declare exactly the public methods", () => {
  const [, body] = read("client.d.ts").match(/export class Client<[^{]*\{\n([^]*?)^\}/m);
  const declared = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)/gm)].map(([, name]) => name));
  assert.deepEqual([...declared].sort(), Object.getOwnPropertyNames(client.Client.prototype).sort());
});

test("the types and the README name every option", () => {
  const [, body] = read("client.js").match(/const defaults = \{([^]*?)\n\};/);
  const options = [...body.matchAll(/(\w+): [^,]+,/g)].map(([, name]) => name);
  assert.ok(options.length > 10);
  const [, declared] = read("client.d.ts").match(/export interface Options \{([^]*?)\n\}/);
  for (const name of options) {
    assert.match(declared, new RegExp(`^  ${name}\\?:`, "m"));
    assert.match(read("README.md"), new RegExp("^\\| `" + name + "`", "m"));
  }
});

test("every file that package.json names exists", () => {
  for (const name of [...manifest.files, manifest.types, ...Object.values(manifest.exports["."]), manifest.exports["./package.json"]]) read(name);
});
