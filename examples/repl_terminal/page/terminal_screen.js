// xterm.js with the additions of this page. Independent of the connection.

import { FitAddon } from "/vendor/addon-fit.mjs";
import { SearchAddon } from "/vendor/addon-search.mjs";
import { WebLinksAddon } from "/vendor/addon-web-links.mjs";
import { Terminal } from "/vendor/xterm.mjs";
import { offerCopy } from "/clipboard.js";
import { ask } from "/dialog.js";
import { displayText } from "/paths.js";
import { onFontSize, onTheme, terminalColours } from "/theme.js";

const FONT = 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", monospace';

// Resets modes that a program may have left on: mouse tracking, bracketed paste, application keys, a hidden cursor,
// colours.
const RESET_MODES = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m";

let lastSize = { cols: 80, rows: 24 };  // the likely size of a screen that is not visible yet

export class TerminalScreen {
  terminal = new Terminal({
    allowProposedApi: true,  // the search addon needs decorations
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    fontFamily: FONT,
    minimumContrastRatio: 4.5,
    overviewRuler: { width: 10 },  // also the width of the scrollbar
    scrollback: 10_000,
    rightClickSelectsWord: false,
  });
  search = new SearchAddon();
  isReplaying = false;  // while true, xterm.js's answers to queries must not be sent
  ownSize = lastSize;  // the size that fits; the terminal may be smaller because of another window
  #element;
  #onSize;
  #fit = new FitAddon();
  #isOpen = false;
  #tasks = [];
  #isBusy = false;

  // `onSize` is called when the size that fits has changed.
  constructor(element, onSize) {
    this.#element = element;
    this.#onSize = onSize;
    const { terminal } = this;
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(new WebLinksAddon((event, address) => openLink(address)));
    terminal.options.linkHandler = { activate: (event, address) => askToOpen(address) };  // for OSC 8 links
    terminal.parser.registerOscHandler(52, (sequence) => this.isReplaying || offerCopy(sequence));
    terminal.resize(this.ownSize.cols, this.ownSize.rows);
    onTheme((name) => { terminal.options.theme = terminalColours[name]; });
    onFontSize((size) => { terminal.options.fontSize = size; this.#measure(); });
    new ResizeObserver(() => this.#measure()).observe(element);
  }

  // Writes live output, after a replay if one is running.
  write(data, whenDrawn) {
    this.#enqueue(() => this.terminal.write(data, whenDrawn));
  }

  // Writes earlier output. Each run is drawn at its original size.
  replay(runs) {
    for (const { cols, rows, data } of runs) {
      this.#enqueue(() => {
        this.terminal.resize(cols, rows);
        return this.#writeAndWait(data);
      });
    }
  }

  clear() { this.#enqueue(() => this.terminal.reset()); }
  resize(cols, rows) {
    this.#enqueue(() => {
      this.terminal.resize(cols, rows);
      this.#element.classList.toggle("narrowed", cols < this.ownSize.cols || rows < this.ownSize.rows);
    });
  }
  enqueue(task) { this.#enqueue(task); }

  // Writes a message of the page on a new line after all output.
  writeMessage(message) {
    this.#enqueue(async () => {
      await this.#writeAndWait("");
      // Leaving the alternate screen also moves the cursor, so it is done only if that screen is active.
      const leave = this.terminal.buffer.active.type === "alternate" ? "\x1b[?1049l" : "";
      await this.#writeAndWait(`${leave}${RESET_MODES}`);
      const start = this.terminal.buffer.active.cursorX > 0 ? "\r\n" : "";
      await this.#writeAndWait(`${start}\x1b[3m${message}\x1b[0m\r\n`);
    });
  }

  focus() {
    this.#measure();
    this.terminal.focus();
  }
  dispose() { this.terminal.dispose(); }

  #writeAndWait(data) { return new Promise((resolve) => this.terminal.write(data, resolve)); }

  // Runs tasks in order. If a task returns a promise, the next task waits for it.
  async #enqueue(task) {
    this.#tasks.push(task);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#tasks.length > 0) await this.#tasks.shift()();
    } finally {
      this.#isBusy = false;
    }
  }

  // xterm.js measures its font in open(), so open() waits until the element is visible.
  #measure() {
    if (this.#element.clientWidth === 0) return;
    if (!this.#isOpen) this.terminal.open(this.#element);
    this.#isOpen = true;
    const size = this.#fit.proposeDimensions();
    if (!size || !(size.cols > 1 && size.rows > 0)) return;
    if (size.cols === this.ownSize.cols && size.rows === this.ownSize.rows) return;
    this.ownSize = lastSize = { cols: size.cols, rows: size.rows };
    this.#onSize();
  }
}

// Asks first, because the text of an OSC 8 link may show another address.
async function askToOpen(address) {
  const question = { title: "Open this address?", text: "A program in the terminal created this link.", detail: displayText(address) };
  if (await ask({ ...question, buttons: [{ label: "Open", value: true, isMain: true }] })) openLink(address);
}

// Opens a link without giving the new page access to this one.
function openLink(address) {
  if (/^https?:/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}
