// Connects the parts of the page. Start with shell_view.js for the terminal, and with open_file.js for files.

import { Connection } from "/connection.js";
import { guardDrops } from "/drops.js";
import { Editor } from "/editor.js";
import { FileTree } from "/file_tree.js";
import { Files } from "/files.js";
import { showFindBar } from "/find_bar.js";
import { showKeyRow } from "/key_row.js";
import { showPane } from "/panes.js";
import { quickOpen } from "/quick_open.js";
import { Shells } from "/shells.js";
import { listenForShortcuts } from "/shortcuts.js";
import { showStatus } from "/status_line.js";
import { TerminalTabs } from "/terminal_tabs.js";
import { changeFontSize } from "/theme.js";
import { TreeActions } from "/tree_actions.js";
import { Watcher } from "/watcher.js";

const connection = new Connection("/api/v1/repl/ws");
const tabs = new TerminalTabs(connection, new Shells(connection));
const files = new Files(connection);
const watcher = new Watcher(connection);
const editor = new Editor(connection, files, watcher, () => showPane("editor"));
const tree = new FileTree(connection, files, watcher);
tree.onOpen = (path) => editor.open(path);
new TreeActions(files, tree, editor);
showKeyRow(document.getElementById("keys"), tabs);
editor.onChange((file) => tree.markShown(file?.path));
showStatus(connection, files, editor, tabs);

let focusBefore = null;
function toggleTerminalFocus() {
  if (tabs.hasFocus) {
    if (focusBefore?.isConnected) focusBefore.focus();
    else if (editor.isOpen) editor.focus();
    else tree.focus();
    return;
  }
  focusBefore = document.activeElement === document.body ? null : document.activeElement;
  showPane("terminal");
  tabs.focus();
}

function inTerminal(action) {
  return () => { showPane("terminal"); action(); };
}

listenForShortcuts({
  "Ctrl+S": () => (tabs.hasFocus ? false : void editor.save()),
  "Ctrl+P": () => { quickOpen(files, editor); },
  "Ctrl+`": toggleTerminalFocus,
  "Ctrl+Shift+`": inTerminal(() => tabs.add()),
  "Ctrl+Shift+5": inTerminal(() => tabs.split()),
  "Ctrl+Shift+F": inTerminal(() => showFindBar(tabs)),
  "Alt++": () => changeFontSize(1),
  "Alt+-": () => changeFontSize(-1),
  "Alt+0": () => changeFontSize(0),
  "Alt+ArrowLeft": () => (tabs.hasFocus ? tabs.step(-1) : false),
  "Alt+ArrowRight": () => (tabs.hasFocus ? tabs.step(1) : false),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => [`Alt+${number}`, inTerminal(() => tabs.go(number))])),
});

guardDrops();
window.terminals = tabs;  // for tests and debugging
tabs.focus();
connection.open();
addEventListener("focus", () => connection.recheckAccess());
