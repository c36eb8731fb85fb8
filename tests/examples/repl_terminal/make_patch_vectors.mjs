// Writes patch_vectors.json for patch_test.cpp: patches that the npm package makes from pairs of texts.
// Run `npm ci` in tests/browser first:  node make_patch_vectors.mjs > patch_vectors.json
import { createRequire } from "node:module";

const { resolve } = createRequire(new URL("../../browser/package.json", import.meta.url));
const { diff_match_patch: Differ } = await import(resolve("@dmsnell/diff-match-patch"));
const differ = new Differ();
differ.Diff_Timeout = 0;  // no time limit, so that the vectors are the same on every machine

// A deterministic random number generator (mulberry32).
let seed = 20240607;
function random(below) {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

const prose = "The quick brown fox jumps over the lazy dog.\nPack my box with five dozen jugs.\n";
const code = "int main() {\n  return 0;\n}\n\n// ".repeat(12);
const emoji = "😀 smile, 👩‍👩‍👧 family, 🏳️‍🌈 flag, e\u0301 combining, 漢字 and ünïcödé\n";

const pairs = {
  "nothing changes": [prose, prose],
  "empty to text": ["", "hello"],
  "text to empty": ["hello", ""],
  "empty to one line feed": ["", "\n"],
  "one character to another": ["a", "b"],
  "insert at the start": [prose, "// first\n" + prose],
  "insert at the end": [prose, prose + "last"],
  "insert in the middle": [prose, prose.replace("fox", "red fox")],
  "delete at the start": [prose, prose.slice(10)],
  "delete at the end": [prose, prose.slice(0, -10)],
  "delete in the middle": [prose, prose.replace("brown ", "")],
  "replace everything": [prose, "something else altogether"],
  "a short text in full": ["abc", "axc"],
  "CRLF to LF": ["one\r\ntwo\r\nthree\r\n", "one\ntwo\nthree\n"],
  "LF to CRLF": ["one\ntwo\nthree\n", "one\r\ntwo\r\nthree\r\n"],
  "CRLF kept": ["one\r\ntwo\r\nthree\r\n", "one\r\n2\r\nthree\r\n"],
  "percent signs": ["100% of 50%25 and %0A", "99% of 50%2525 and %0A%"],
  "plus, minus, at and blanks at line starts": ["+a\n-b\n c\n@@ -1 +1 @@\n", "+a\n+b\n-c\n@@ -2 +2 @@\n "],
  "everything that encodeURI keeps": ["x", ";/?:@&=+$,#-_.!~*'() abcXYZ019"],
  "everything that encodeURI escapes": ["x", "\"<>[\\]^`{|}% \t\u0000\u001f\u007f"],
  "emoji replaced by its neighbour": ["smile 😀 now", "smile 😁 now"],
  "emoji inserted between emoji": ["😀😀😀😀😀😀😀😀", "😀😀😀😀👍😀😀😀😀"],
  "emoji deleted": [emoji + prose, emoji.replace("😀 ", "") + prose],
  "an edit after many emoji": ["😀".repeat(300) + "end", "😀".repeat(300) + "the end"],
  "an edit between emoji": [emoji.repeat(5), emoji.repeat(5).replace("flag", "banner")],
  "zero-width joiners": ["👩‍👩‍👧‍👦 family", "👩‍👩‍👦 family"],
  "byte order mark": ["\ufefftext", "\ufeffa text"],
  "last code point": ["\u{10ffff}", "\u{10ffff}\u{10fffe}"],
  "the same text many times over": ["ab".repeat(500), "ab".repeat(250) + "X" + "ab".repeat(250)],
  "many hunks": [code, code.replaceAll("return 0", "return 1")],
  "many hunks that grow": [code, code.replaceAll("main", "a_longer_name_than_main")],
  "many hunks that shrink": [code, code.replaceAll("  return 0;\n", "")],
  "a large deletion": [prose.repeat(60), prose],
  "a large insertion": [prose, prose.repeat(60)],
  "a large replacement": [prose + "x".repeat(3000) + prose, prose + "y😀".repeat(1000) + prose],
};

// Random edits of a text with prose, emoji, CRLF and special characters.
for (let round = 1; round <= 12; ++round) {
  const base = Array.from((prose + emoji + "a\r\n%+-@ ").repeat(1 + random(8)));
  const edited = base.slice();
  for (let edits = 1 + random(8); edits > 0; --edits) {
    edited.splice(random(edited.length), random(20), ...Array.from(["", "😀", "new\n", "%"][random(4)]));
  }
  pairs[`random edits, round ${round}`] = [base.join(""), edited.join("")];
}

// Two emoji with the same low surrogate (U+1F600 and U+1F200) are missing: version 1.1.0 makes an empty patch for that
// change, and the check below would fail.
function vector(name, base, edited, drifted = base, result = edited) {
  const patches = differ.patch_make(base, edited);
  if (differ.patch_apply(patches, base)[0] !== edited) throw new Error(`${name}: lost by the package`);
  return { name, base: drifted, patch: differ.patch_toText(patches), result };
}

const vectors = Object.entries(pairs).map(([name, [base, result]]) => vector(name, base, result));

// The base has changed elsewhere since the patch was made.
const lines = Array.from({ length: 80 }, (_, n) => `line ${n} of the file\n`).join("");
const edit = (text) => text.replace("line 40 ", "LINE 40 ").replace("line 60 ", "LINE 60 ");
for (const [name, drifted] of Object.entries({
  "200 units inserted before": "😀".repeat(100) + lines,
  "200 units deleted before": lines.slice(200),
  "an insertion between two hunks": lines.replace("line 50 ", "line 50 and more "),
})) {
  vectors.push(vector(name, lines, edit(lines), drifted, edit(drifted)));
}

process.stdout.write(JSON.stringify(vectors, null, 1) + "\n");
