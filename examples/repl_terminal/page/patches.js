// The difference of two texts, as the server wants it.

import { DIFF_DELETE, DIFF_INSERT, diff_match_patch as Differ } from "/vendor/diff-match-patch.js";

const differ = new Differ();

// The package loses a change of one emoji to another with the same second half, so what it made is
// tried first, and replaced by a patch of the whole where it does not give what it should.
export function makePatch(before, after) {
  const patches = differ.patch_make(before, after);
  const [result] = differ.patch_apply(patches, before);
  const whole = () => differ.patch_make(before, [new Differ.Diff(DIFF_DELETE, before), new Differ.Diff(DIFF_INSERT, after)]);
  return differ.patch_toText(result === after ? patches : whole());
}
