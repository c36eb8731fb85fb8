// Opens a file by a part of its name.

import { folderOf, nameOf, displayText } from "/paths.js";
import { pick } from "/picker.js";
import { toast } from "/toasts.js";

export async function quickOpen(files, editor) {
  try {
    const path = await pick({ label: "Open a file by name", choices: listChoices(files), empty: "The workspace contains no files." });
    if (path !== null) editor.open(path);
  } catch (error) {
    toast(error.message);
  }
}

async function listChoices(files) {
  const { paths, truncated } = await files.listAll();
  if (truncated) toast("The workspace has too many files to list them all.", { kind: "note" });
  return paths.map((path) => ({ label: displayText(nameOf(path)), detail: displayText(folderOf(path)), value: path }));
}
