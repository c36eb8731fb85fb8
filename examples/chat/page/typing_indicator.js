// Shows the members that are typing. There is no event for the end of typing, so each entry expires.

const EXPIRE_AFTER = 5000;         // ms
export const SEND_INTERVAL = 2000; // ms between two `typing` events that we send

export class TypingIndicator {
  #element;
  #timers = new Map(); // nick → timer

  constructor(element) {
    this.#element = element;
  }

  add(nick) {
    clearTimeout(this.#timers.get(nick));
    this.#timers.set(nick, setTimeout(() => this.remove(nick), EXPIRE_AFTER));
    this.#draw();
  }

  remove(nick) {
    clearTimeout(this.#timers.get(nick));
    if (this.#timers.delete(nick)) this.#draw();
  }

  clear() {
    for (const nick of [...this.#timers.keys()]) this.remove(nick);
  }

  #draw() {
    const text = textFor([...this.#timers.keys()]);
    if (this.#element.textContent !== text) this.#element.textContent = text; // a screen reader reads each assignment
  }
}

function textFor(nicks) {
  if (nicks.length === 0) return "";
  if (nicks.length === 1) return `${nicks[0]} is typing…`;
  if (nicks.length === 2) return `${nicks[0]} and ${nicks[1]} are typing…`;
  return `${nicks.length} people are typing…`;
}
