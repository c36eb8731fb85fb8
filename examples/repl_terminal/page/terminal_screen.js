// xterm.js with what this page adds to it. Knows nothing of the wire.

import { FitAddon } from "/vendor/addon-fit.mjs";
import { SearchAddon } from "/vendor/addon-search.mjs";
import { WebLinksAddon } from "/vendor/addon-web-links.mjs";
import { Terminal } from "/vendor/xterm.mjs";
import { offerCopy } from "/clipboard.js";
import { ask } from "/dialog.js";
import { shown } from "/paths.js";
import { onFontSize, onTheme, terminalColours } from "/theme.js";

const FONT = 'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", monospace';

// Leaves what a program may have left on: mouse reports, bracketed paste, application keys, a hidden cursor, colours.
const CALM = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h\x1b[0m";

let lastSize = { cols: 80, rows: 24 };  // a screen not shown yet will most likely be as large as its neighbours

export class TerminalScreen {
  terminal = new Terminal({
    allowProposedApi: true,  // the search marks what it found by decorations
    cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    fontFamily: FONT,
    minimumContrastRatio: 4.5,
    overviewRuler: { width: 10 },  // also the scrollbar's
    scrollback: 10_000,
    rightClickSelectsWord: false,
  });
  search = new SearchAddon();
  isReplaying = false;  // then what programs ask for is long over: it is drawn, and nothing else
  ownSize = lastSize;  // what fits in here; what is shown may be smaller, where another window is
  #element;
  #onSize;
  #fit = new FitAddon();
  #isOpen = false;
  #tasks = [];
  #isBusy = false;

  // `onSize` is called when another size fits.
  constructor(element, onSize) {
    this.#element = element;
    this.#onSize = onSize;
    const { terminal } = this;
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(new WebLinksAddon((event, address) => openLink(address)));
    terminal.options.linkHandler = { activate: (event, address) => askToOpen(address) };  // of OSC 8
    terminal.parser.registerOscHandler(52, (sequence) => this.isReplaying || offerCopy(sequence));
    terminal.resize(this.ownSize.cols, this.ownSize.rows);
    onTheme((name) => { terminal.options.theme = terminalColours[name]; });
    onFontSize((size) => { terminal.options.fontSize = size; this.#measure(); });
    new ResizeObserver(() => this.#measure()).observe(element);
  }

  // Output, in its order also behind a replay.
  write(data, whenDrawn) {
    this.#do(() => this.terminal.write(data, whenDrawn));
  }

  // Earlier output, each run drawn at the size it was made for.
  replay(runs) {
    for (const { cols, rows, data } of runs) {
      this.#do(() => {
        this.terminal.resize(cols, rows);
        return this.#drawn(data);
      });
    }
  }

  clear() { this.#do(() => this.terminal.reset()); }
  resize(cols, rows) {
    this.#do(() => {
      this.terminal.resize(cols, rows);
      this.#element.classList.toggle("narrowed", cols < this.ownSize.cols || rows < this.ownSize.rows);
    });
  }
  whenDone(act) { this.#do(act); }

  // A sentence of the page's own, on a line of its own behind all that is still to be drawn.
  say(sentence) {
    this.#do(async () => {
      await this.#drawn("");
      // Leaving the other screen puts the cursor back where it was, so only where one is on it.
      const leave = this.terminal.buffer.active.type === "alternate" ? "\x1b[?1049l" : "";
      await this.#drawn(`${leave}${CALM}`);
      const start = this.terminal.buffer.active.cursorX > 0 ? "\r\n" : "";
      await this.#drawn(`${start}\x1b[3m${sentence}\x1b[0m\r\n`);
    });
  }

  focus() {
    this.#measure();
    this.terminal.focus();
  }
  dispose() { this.terminal.dispose(); }

  #drawn(data) { return new Promise((resolve) => this.terminal.write(data, resolve)); }

  // Tasks that return a promise hold up the next.
  async #do(task) {
    this.#tasks.push(task);
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#tasks.length > 0) await this.#tasks.shift()();
    } finally {
      this.#isBusy = false;
    }
  }

  // xterm.js measures its letters when it is opened, so that waits until the place can be seen.
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

// Its text may name another address.
async function askToOpen(address) {
  const question = { title: "Open this address?", text: "A program made a link to it.", detail: shown(address) };
  if (await ask({ ...question, buttons: [{ label: "Open", value: true, isMain: true }] })) openLink(address);
}

// Without a way back to this page for the one that opens.
function openLink(address) {
  if (/^https?:/i.test(address)) window.open(address, "_blank", "noopener,noreferrer");
}
