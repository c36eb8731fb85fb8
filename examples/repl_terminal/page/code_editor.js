// Ace with the settings of this page. It is loaded when the first file is opened, so that the terminal appears sooner.

import { onFontSize, onTheme } from "/theme.js";

const FOLDER = "/vendor/ace";
let loading = null;

// Resolves with the `ace` object.
export function loadAce() {
  loading ??= (async () => {
    await loadScript(`${FOLDER}/ace.js`);
    await loadScript(`${FOLDER}/ext-modelist.js`);
    window.ace.config.set("basePath", FOLDER);
    return window.ace;
  })();
  loading.catch(() => { loading = null; });  // the next call tries again
  return loading;
}

export function makeCodeEditor(ace, element) {
  const editor = ace.edit(element, {
    fontFamily: "var(--mono)",
    showPrintMargin: false,
    scrollPastEnd: 0.5,
    useWorker: false,  // Ace starts workers from blob URLs, which the page's content security policy forbids
    enableKeyboardAccessibility: false,
  });
  editor.commands.removeCommands(["showSettingsMenu", "gotoline", "openCommandPalette"]);
  onTheme((name) => editor.setTheme({ cssClass: "ace-page", isDark: name === "dark", cssText: "" }));  // colours: see editor.css
  onFontSize((size) => editor.setFontSize(size));
  new ResizeObserver(() => editor.resize()).observe(element);
  return editor;
}

// Creates an Ace session. The language depends on the file's name.
export function makeSession(ace, path, text) {
  const session = ace.createEditSession(text, languageOf(ace, path).mode);
  session.setUseWorker(false);
  session.setUseWrapMode(false);
  const indent = text.match(/^(\t| {2,8})\S/m)?.[1];
  session.setUseSoftTabs(indent !== "\t");
  session.setTabSize(indent && indent !== "\t" ? Math.min(indent.length, 4) : 4);
  return session;
}

// Returns { caption, mode }.
export function languageOf(ace, path) {
  return ace.require("ace/ext/modelist").getModeForPath(path);
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => reject(new Error("The editor could not be loaded."));
    document.head.append(script);
  });
}
