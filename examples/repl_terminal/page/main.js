import { Connection } from "/connection.js";
import { Editor } from "/editor.js";
import { FileTree } from "/file_tree.js";
import { showKeyRow } from "/key_row.js";
import { showPane } from "/panes.js";
import { showStatus } from "/status_line.js";
import { TerminalView } from "/terminal_view.js";

const connection = new Connection("/api/v1/repl/ws");
const view = new TerminalView(document.getElementById("screen"), connection);
const editor = new Editor(connection, () => showPane("editor"));
new FileTree(connection, (path) => editor.open(path));
showKeyRow(document.getElementById("keys"), view);
showStatus(connection);

let leftFor = null;
addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.altKey || event.shiftKey) return;
  if (event.key === "s" && !view.hasFocus) {
    event.preventDefault();
    editor.save();
  } else if (event.code === "Backquote") {
    event.preventDefault();
    if (view.hasFocus) return leftFor?.focus();
    leftFor = document.activeElement;
    showPane("terminal");
    view.focus();
  }
});

window.terminal = view.terminal;  // for tests and the curious
view.focus();
connection.open();
