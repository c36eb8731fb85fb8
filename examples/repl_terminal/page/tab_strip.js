// A row of tabs (WAI-ARIA tabs pattern): arrow keys, Home and End select, Delete closes.

import { icon } from "/icons.js";

let made = 0;

export class TabStrip {
  #element;
  #panel;
  #onChoose;
  #onClose;
  #onMenu;
  #tabs = new Map();  // key → element
  #keys = [];

  // `panel` is the element that shows the selected tab's content. The callbacks get the tab's key, `onMenu` also a
  // position.
  constructor(element, { panel, onChoose, onClose, onMenu = () => {} }) {
    this.#element = element;
    this.#panel = panel;
    this.#onChoose = onChoose;
    this.#onClose = onClose;
    this.#onMenu = onMenu;
    element.addEventListener("keydown", (event) => this.#pressed(event));
  }

  // `items` are { key, label, title, note?, mark? }. The note is shown after the label. The mark is "unsaved",
  // "deleted", "ended" or empty.
  show(items, chosenKey) {
    this.#keys = items.map(({ key }) => key);
    for (const [key, tab] of this.#tabs) {
      if (this.#keys.includes(key)) continue;
      tab.remove();
      this.#tabs.delete(key);
    }
    items.forEach((item, at) => {
      const tab = this.#tabs.get(item.key) ?? this.#make(item.key);
      this.#fill(tab, item, item.key === chosenKey);
      if (this.#element.children[at] !== tab) this.#element.insertBefore(tab, this.#element.children[at] ?? null);
    });
    const chosen = this.#tabs.get(chosenKey);
    if (chosen) this.#panel.setAttribute("aria-labelledby", chosen.id);
  }

  focus(key) { this.#tabs.get(key)?.focus(); }

  reveal(key) {
    this.#tabs.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  #make(key) {
    const tab = document.createElement("div");
    const label = document.createElement("span");
    const note = document.createElement("span");
    const close = document.createElement("button");
    tab.className = "tab";
    tab.id = `tab-${++made}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", this.#panel.id);
    label.className = "label";
    note.className = "note";
    close.type = "button";
    close.className = "icon close";
    close.tabIndex = -1;  // the keyboard closes with Delete
    close.setAttribute("aria-hidden", "true");
    close.append(icon("close"));
    close.onclick = (event) => { event.stopPropagation(); this.#onClose(key); };
    tab.append(label, note, close);
    tab.onclick = () => this.#onChoose(key);
    tab.onauxclick = (event) => { if (event.button === 1) this.#onClose(key); };
    tab.oncontextmenu = (event) => {
      event.preventDefault();
      const box = tab.getBoundingClientRect();
      this.#onMenu(key, event.clientX || event.clientY ? { x: event.clientX, y: event.clientY } : { x: box.left, y: box.bottom });
    };
    this.#tabs.set(key, tab);
    return tab;
  }

  #fill(tab, { label, title, note = "", mark = "" }, isChosen) {
    const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };
    set(tab.children[0], label);
    set(tab.children[1], note);
    tab.title = title ?? label;
    tab.dataset.mark = mark;
    tab.setAttribute("aria-selected", isChosen);
    tab.setAttribute("aria-label", [label, note, mark === "unsaved" ? "not saved" : mark].filter(Boolean).join(", "));
    tab.tabIndex = isChosen ? 0 : -1;
  }

  #pressed(event) {
    const at = this.#keys.findIndex((key) => this.#tabs.get(key) === event.target);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const go = (next) => {
      const key = this.#keys.at(next % this.#keys.length);
      this.#onChoose(key, { keepsFocus: true });
      this.focus(key);
    };
    const act = {
      ArrowRight: () => go(at + 1),
      ArrowLeft: () => go(at - 1),
      Home: () => go(0),
      End: () => go(-1),
      Enter: () => this.#onChoose(this.#keys[at]),
      " ": () => this.#onChoose(this.#keys[at]),
      Delete: () => this.#onClose(this.#keys[at], { keepsFocus: true }),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
