// Functions for paths. Paths are relative to the workspace. The root is "".

export const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);
export const folderOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
export const join = (folder, name) => (folder === "" ? name : `${folder}/${name}`);
export const isWithin = (path, folder) => path === folder || folder === "" || path.startsWith(`${folder}/`);
// Returns the name without its extension.
export const stemOf = (name) => (name.lastIndexOf(".") > 0 ? name.slice(0, name.lastIndexOf(".")) : name);
// Returns the new path of `path` after `from` was renamed to `to`.
export const moved = (path, from, to) => (isWithin(path, from) ? to + path.slice(from.length) : path);

// Makes control characters and bidirectional marks in names and titles visible.
export function displayText(text) {
  return text.replace(/[\u0000-\u001f]/g, (control) => String.fromCharCode(0x2400 + control.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g, "\ufffd");
}

// Returns the first unused name of "a.txt", "a copy.txt", "a copy 2.txt"…
export function freeName(name, taken) {
  if (!taken.includes(name)) return name;
  const [, stem, ending] = name.match(/^(.+?)((?:\.[^.]+)?)$/s);
  for (let count = 1; ; ++count) {
    const other = `${stem} copy${count > 1 ? ` ${count}` : ""}${ending}`;
    if (!taken.includes(other)) return other;
  }
}
