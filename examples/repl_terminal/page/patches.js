// Creates a diff-match-patch patch as the server expects it.

import { DIFF_DELETE, DIFF_INSERT, diff_match_patch as Differ } from "/vendor/diff-match-patch.js";

const differ = new Differ();

// diff-match-patch loses a change between two emoji with the same low surrogate. The patch is tested, and replaced
// with a patch of the whole text if its result is wrong.
export function makePatch(before, after) {
  const patches = differ.patch_make(before, after);
  const [result] = differ.patch_apply(patches, before);
  const whole = () => differ.patch_make(before, [new Differ.Diff(DIFF_DELETE, before), new Differ.Diff(DIFF_INSERT, after)]);
  return differ.patch_toText(result === after ? patches : whole());
}
