// Who is typing. Nobody says that he has stopped, so it is forgotten by itself.

const FORGET_AFTER = 5000;      // ms
export const TELL_EVERY = 2000; // ms; what we say of ourselves

export class Typing {
  #line;
  #timers = new Map(); // nick → timer

  constructor(line) {
    this.#line = line;
  }

  add(nick) {
    clearTimeout(this.#timers.get(nick));
    this.#timers.set(nick, setTimeout(() => this.remove(nick), FORGET_AFTER));
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
    const words = wordsFor([...this.#timers.keys()]);
    if (this.#line.textContent !== words) this.#line.textContent = words; // or it would be read aloud again
  }
}

function wordsFor(nicks) {
  if (nicks.length === 0) return "";
  if (nicks.length === 1) return `${nicks[0]} is typing…`;
  if (nicks.length === 2) return `${nicks[0]} and ${nicks[1]} are typing…`;
  return `${nicks.length} people are typing…`;
}
