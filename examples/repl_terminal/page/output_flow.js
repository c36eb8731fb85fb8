// What of a shell's output is drawn and acknowledged, so that one that writes faster than the browser draws is held up
// by the server. Counted in UTF-16 units, as JavaScript's lengths are.

const EVERY = 64 * 1024;

export class OutputFlow {
  #received = 0;
  #acknowledged = 0;

  receive(end) { this.#received = end; }

  // Whether it is time to acknowledge what is drawn up to there: enough of it, or nothing left to draw.
  isDue(end) {
    return end > this.#acknowledged && (end - this.#acknowledged >= EVERY || end === this.#received);
  }
  acknowledged(end) { this.#acknowledged = end; }
}
