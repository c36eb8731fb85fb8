// Flow control for the output of a shell. The page acknowledges the output that it has drawn, and the server stops
// reading the shell if too much is unacknowledged. Positions are in UTF-16 units, like JavaScript string lengths.

const ACK_INTERVAL = 64 * 1024;

export class OutputFlow {
  #received = 0;
  #acknowledged = 0;

  receive(end) { this.#received = end; }

  // Returns true if the output up to `end` should be acknowledged: it is a full interval, or the last output received.
  isDue(end) {
    return end > this.#acknowledged && (end - this.#acknowledged >= ACK_INTERVAL || end === this.#received);
  }
  acknowledged(end) { this.#acknowledged = end; }
}
