// Several shells side by side in one tab, with dividers between them.

import { makeDivider } from "/divider.js";

const MIN_WIDTH = 120;  // px

export class SplitPane {
  element = document.createElement("div");
  views = [];
  active = null;
  #weights = new Map();  // view → its share of the width
  #onChange;

  constructor(onChange) {
    this.element.className = "split";
    this.#onChange = onChange;
  }

  get weights() { return this.views.map((view) => this.#weights.get(view)); }

  // Adds a view after the active one, or at the end.
  add(view, weight = this.#average()) {
    const at = this.active ? this.views.indexOf(this.active) + 1 : this.views.length;
    this.views.splice(at, 0, view);
    this.#weights.set(view, weight);
    view.element.addEventListener("focusin", () => this.choose(view));
    this.active = view;
    this.#lay();
  }

  #average() {
    return this.views.length === 0 ? 1 : this.weights.reduce((sum, weight) => sum + weight) / this.views.length;
  }

  remove(view) {
    const at = this.views.indexOf(view);
    this.views.splice(at, 1);
    this.#weights.delete(view);
    if (this.active === view) this.active = this.views[Math.max(0, at - 1)] ?? null;
    this.#lay();
  }

  choose(view) {
    if (this.active === view) return;
    this.active = view;
    this.#mark();
    this.#onChange();
  }

  // Focuses the view `by` places to the right. Returns false if there is only one view.
  step(by) {
    this.views[this.views.indexOf(this.active) + by]?.focus();
    return this.views.length > 1;
  }

  #lay() {
    const parts = [];
    for (const [at, view] of this.views.entries()) {
      if (at > 0) parts.push(this.#divide(this.views[at - 1], view));
      this.#size(view);
      parts.push(view.element);
    }
    // Elements that stay are not removed, because they would lose the focus.
    for (const child of [...this.element.children]) if (!parts.includes(child)) child.remove();
    parts.forEach((part, at) => {
      if (this.element.children[at] !== part) this.element.insertBefore(part, this.element.children[at] ?? null);
    });
    this.#mark();
  }

  // The factor keeps the sum above 1: with a smaller sum, flex items leave space unused.
  #size(view) { view.element.style.flexGrow = 1000 * this.#weights.get(view); }

  #mark() {
    for (const view of this.views) view.element.classList.toggle("active", view === this.active && this.views.length > 1);
  }

  #divide(before, after) {
    const line = document.createElement("div");
    const share = (size) => {
      const both = before.element.offsetWidth + after.element.offsetWidth;
      const weight = this.#weights.get(before) + this.#weights.get(after);
      this.#weights.set(before, (weight * size) / both);
      this.#weights.set(after, weight - (weight * size) / both);
      this.#size(before);
      this.#size(after);
    };
    makeDivider(line, {
      label: "Width of the terminals",
      isUpright: true,
      read: () => ({
        size: before.element.offsetWidth,
        min: MIN_WIDTH,
        max: before.element.offsetWidth + after.element.offsetWidth - MIN_WIDTH,
      }),
      write: share,
      reset: () => share((before.element.offsetWidth + after.element.offsetWidth) / 2),
      done: this.#onChange,
    });
    return line;
  }
}
