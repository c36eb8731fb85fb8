// The folder src/browser as what a package registry, a bundler or a plain page gets.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as client from "../../src/browser/client.js";

const read = (name) => readFileSync(new URL(`../../src/browser/${name}`, import.meta.url), "utf8");
const described = JSON.parse(read("package.json"));

test("the module is at most 5 kB gzipped, as it stands", () => {
  const size = gzipSync(read("client.js"), { level: 9 }).length;
  assert.ok(size < 5120, `${size} bytes`);
});

test("it depends on nothing", () => {
  assert.doesNotMatch(read("client.js"), /\bimport\b|\brequire\b|\bconsole\b/);
  assert.equal(described.dependencies, undefined);
});

test("it exports what its types declare", () => {
  const declared = [...read("client.d.ts").matchAll(/^export (?:class|const|function) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(Object.keys(client).sort(), declared.sort());
});

test("its types declare every verb, and no other", () => {
  const [, body] = read("client.d.ts").match(/export class Client<[^{]*\{\n([^]*?)^\}/m);
  const declared = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)/gm)].map(([, name]) => name));
  assert.deepEqual([...declared].sort(), Object.getOwnPropertyNames(client.Client.prototype).sort());
});

test("its types and its README name every option and its default", () => {
  const [, body] = read("client.js").match(/const defaults = \{([^]*?)\n\};/);
  const options = [...body.matchAll(/(\w+): [^,]+,/g)].map(([, name]) => name);
  assert.ok(options.length > 10);
  const [, declared] = read("client.d.ts").match(/export interface Options \{([^]*?)\n\}/);
  for (const name of options) {
    assert.match(declared, new RegExp(`^  ${name}\\?:`, "m"));
    assert.match(read("README.md"), new RegExp("^\\| `" + name + "`", "m"));
  }
});

test("what the package names is there", () => {
  for (const name of [...described.files, described.types, ...Object.values(described.exports["."]), described.exports["./package.json"]]) read(name);
});
