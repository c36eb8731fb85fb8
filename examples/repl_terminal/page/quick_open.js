// Opens a file by a part of its name.

import { folderOf, nameOf, shown } from "/paths.js";
import { pick } from "/picker.js";
import { toast } from "/toasts.js";

export async function quickOpen(files, editor) {
  try {
    const path = await pick({ label: "Open a file by name", choices: listChoices(files), empty: "There is no file in the workspace." });
    if (path !== null) editor.open(path);
  } catch (error) {
    toast(error.message);
  }
}

async function listChoices(files) {
  const { paths, truncated } = await files.listAll();
  if (truncated) toast("The workspace has too many files to list them all.", { kind: "note" });
  return paths.map((path) => ({ label: shown(nameOf(path)), detail: shown(folderOf(path)), value: path }));
}
