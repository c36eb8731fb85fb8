// What of a shell's output is drawn and acknowledged, so that one that writes faster than the browser draws is held up
// by the server. Counted in UTF-16 units, as JavaScript's lengths are.

const EVERY = 64 * 1024;

export class OutputFlow {
  #received = 0;
  #acknowledged = 0;

  receive(end) { this.#received = end; }

  // Tells whether it is time to acknowledge what is drawn: enough of it, or nothing left to draw.
  draw(end) {
    if (end - this.#acknowledged < EVERY && end !== this.#received) return false;
    this.#acknowledged = end;
    return true;
  }
}
