// The terminals of this window: tabs with one or more shells side by side. The arrangement survives a reload.

import { ShellView } from "/shell_view.js";
import { SplitPane } from "/split_pane.js";
import { sessionStore } from "/storage.js";
import { TabStrip } from "/tab_strip.js";
import { openTerminalMenu } from "/terminal_menu.js";

export class TerminalTabs {
  changeInput = (data) => data;  // may change all typed input
  #connection;
  #shells;
  #place = document.getElementById("terminals");
  #none = document.getElementById("no-terminal");
  #panes = [];
  #active = null;
  #made = 0;
  #keys = new Map();  // pane → key of its tab
  #listeners = new Set();
  #strip = new TabStrip(document.getElementById("terminal-tabs"), {
    panel: this.#place,
    onChoose: (key, how) => this.#choose(this.#paneOf(key), how),
    onClose: (key, how) => this.#closePane(this.#paneOf(key), how),
    onMenu: (key, place) => { this.#choose(this.#paneOf(key)); openTerminalMenu(this, place); },
  });

  constructor(connection, shells) {
    this.#connection = connection;
    this.#shells = shells;
    const menu = document.getElementById("terminal-menu");
    menu.onclick = () => openTerminalMenu(this, menu);
    for (const button of [document.getElementById("new-terminal"), document.getElementById("first-terminal")]) {
      button.onclick = () => this.add();
    }
    this.#restore();
    connection.onState(({ name }) => { if (name === "connected") this.#attachAll(); });
  }

  // The active shell's view, or null.
  get active() { return this.#active?.active ?? null; }
  get hasFocus() { return this.#place.contains(document.activeElement); }
  get canSplit() { return Boolean(this.#active); }
  get shells() { return this.#shells; }

  onChange(callback) {
    this.#listeners.add(callback);
    callback();
  }

  // Opens a new shell in a new tab, or the given session.
  add(session = {}) {
    const pane = this.#makePane();
    const view = this.#makeView(session);
    pane.add(view);
    this.#choose(pane);
    view.attach();
  }

  // Opens a new shell beside the active one.
  split() {
    if (!this.#active) return this.add();
    const view = this.#makeView({});
    this.#active.add(view);
    this.#changed();
    view.focus();
    view.attach();
  }

  // Closes the active shell's view.
  close(how) {
    const pane = this.#active;
    if (!pane) return;
    const view = pane.active;
    pane.remove(view);
    view.close(how);
    if (pane.views.length === 0) this.#removePane(pane);
    this.#changed();
    this.focus();
  }

  // Selects a tab by its number, starting at 1.
  go(number) {
    const pane = this.#panes[number - 1];
    if (pane) this.#choose(pane);
    return Boolean(pane);
  }

  step(by) { return this.#active?.step(by) ?? false; }
  focus() { this.active ? this.active.focus() : document.getElementById("first-terminal").focus(); }

  #restore() {
    const { panes = [], active = 0 } = sessionStore.get("terminals", {});
    for (const { shells = [], weights = [], chosen = 0 } of panes) {
      const pane = this.#makePane();
      shells.forEach((session, at) => pane.add(this.#makeView(session), weights[at]));
      if (shells.length === 0) this.#removePane(pane);
      else pane.choose(pane.views[chosen] ?? pane.views[0]);
    }
    if (this.#panes.length === 0) this.#makePane().add(this.#makeView({}));
    this.#choose(this.#panes[active] ?? this.#panes[0], { keepsFocus: true });
  }

  // Attaches the visible shells first.
  #attachAll() {
    const all = this.#panes.flatMap((pane) => pane.views);
    const seen = this.#active?.views ?? [];
    for (const view of [...seen, ...all.filter((one) => !seen.includes(one))]) {
      if (view.state === "waiting") view.attach();
    }
  }

  #makePane() {
    const pane = new SplitPane(() => this.#changed());
    pane.element.hidden = true;
    this.#keys.set(pane, ++this.#made);
    this.#panes.push(pane);
    this.#place.append(pane.element);
    return pane;
  }

  #makeView(session) {
    return new ShellView(this.#connection, this.#shells, {
      ...session,
      onChange: () => this.#changed(),
      changeInput: (data) => this.changeInput(data),
    });
  }

  #paneOf(key) { return this.#panes.find((pane) => this.#keys.get(pane) === key); }

  #choose(pane, { keepsFocus = false } = {}) {
    this.#active = pane;
    for (const one of this.#panes) one.element.hidden = one !== pane;
    this.#changed();
    this.#strip.reveal(this.#keys.get(pane));
    if (!keepsFocus) this.focus();
  }

  #closePane(pane, { keepsFocus = false } = {}) {
    for (const view of pane.views) view.close();
    this.#removePane(pane);
    this.#changed();
    if (keepsFocus && this.#active) this.#strip.focus(this.#keys.get(this.#active));
    else this.focus();
  }

  #removePane(pane) {
    const at = this.#panes.indexOf(pane);
    this.#panes.splice(at, 1);
    this.#keys.delete(pane);
    pane.element.remove();
    if (this.#active !== pane) return;
    this.#active = this.#panes[Math.min(at, this.#panes.length - 1)] ?? null;
    if (this.#active) this.#active.element.hidden = false;
  }

  #changed() {
    this.#strip.show(this.#panes.map((pane) => this.#describe(pane)), this.#keys.get(this.#active));
    this.#none.hidden = this.#panes.length > 0;
    document.title = this.active?.title || "Terminal";
    sessionStore.set("terminals", {
      active: this.#panes.indexOf(this.#active),
      panes: this.#panes.map((pane) => ({
        shells: pane.views.map(({ sessionId, readOnly, title }) => ({ sessionId, readOnly, title })),
        weights: pane.weights,
        chosen: pane.views.indexOf(pane.active),
      })),
    });
    for (const listener of this.#listeners) listener();
  }

  #describe(pane) {
    const { title, state, readOnly, viewers } = pane.active ?? {};
    const notes = [];
    if (state === "ended" || state === "detached") notes.push(state);
    if (readOnly) notes.push("watching");
    if (viewers > 1) notes.push(`${viewers} windows`);
    if (pane.views.length > 1) notes.push(`${pane.views.length} shells`);
    return { key: this.#keys.get(pane), label: title || "shell", note: notes.join(" · "), mark: state === "ended" ? "ended" : "" };
  }
}
