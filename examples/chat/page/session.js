// One person in one room: joins, joins again when the connection was lost, and keeps what could not be said yet.
// No DOM here; `view` is told:
//   room({ room, nick, members, messages })   we are in, and this is what there is
//   message, joined, left, typing             as the server says them
//   unsent(message), refused(message, why)    one of ours waits; the server does not want it
//   out(why)                                  we are not in the room any more, and do not come back by ourselves

const MAX_UNSENT = 50;

export class Session {
  #client;
  #view;
  #key;
  #seat = null;        // { room, nick }, where we are or want to be
  #isIn = false;
  #unsent = new Map(); // id → { id, text }, until the room has answered
  #unsentRoom = "";

  constructor(client, view, key) {
    this.#client = client;
    this.#view = view;
    this.#key = key;
    client.on("connect", () => this.#enter());
    client.on("disconnect", ({ text }) => {
      this.#isIn = false;
      if (client.state === "closed" && this.#seat) this.#fail(text || "The server has ended the connection.");
    });
    client.on("room", (room) => this.#entered(room));
    for (const event of ["message", "joined", "left", "typing"]) {
      client.on(event, (data) => { if (this.#isIn) view[event](data); }); // or it is of a room that we have left
    }
  }

  get seat() { return this.#seat; }

  join(room, nick) {
    this.leave();
    if (room !== this.#unsentRoom) this.#unsent.clear();
    this.#unsentRoom = room;
    this.#seat = { room, nick };
    if (this.#client.state === "open") this.#enter();
    else this.#client.connect(); // and `connect` brings us in
  }

  leave() {
    if (!this.#seat) return;
    if (this.#client.state === "open") this.#client.emit("leave"); // behind `join`, where that is still under way
    this.#seat = null;
    this.#isIn = false;
    this.#unsent.clear();
  }

  // False where there is no room for it; else it is sent, now or later.
  say(text) {
    if (this.#unsent.size >= MAX_UNSENT) return false;
    const message = { id: randomHex(), text };
    this.#unsent.set(message.id, message);
    this.#show(message);
    if (this.#isIn) this.#send(message);
    return true;
  }

  type() {
    if (this.#isIn) this.#client.emitVolatile("typing");
  }

  async #enter() {
    const seat = this.#seat;
    if (!seat) return;
    try {
      await this.#client.request("join", { ...seat, key: this.#key }, { timeout: Infinity });
    } catch (error) {
      if (seat === this.#seat && error.code !== "closed") this.#fail(error.message);
    }
  }

  // Comes before the answer to `join`. What waits is sent only now: the client's own queue leaves before `connect`.
  #entered(room) {
    if (this.#seat?.room !== room.room) return; // we have changed our mind
    this.#isIn = true;
    this.#view.room(room);
    for (const { id } of room.messages) this.#unsent.delete(id);
    for (const message of this.#unsent.values()) {
      this.#show(message);
      this.#send(message);
    }
  }

  #show(message) {
    this.#view.unsent({ ...message, nick: this.#seat.nick, time: Date.now() });
  }

  // No deadline: a connection that is dead ends by itself. The answer may be lost with it; then we say it again when we
  // are back, and the room knows it by its id.
  async #send(message) {
    try {
      await this.#client.request("say", message, { timeout: Infinity });
      this.#unsent.delete(message.id);
    } catch (error) {
      // Said while the socket was closing, it waited in the client's queue and came before we had joined again.
      const isTooEarly = error.code === "closed" || error.failure?.code === "not_joined";
      if (isTooEarly || !this.#unsent.delete(message.id)) return;
      this.#view.refused(message, error.message);
    }
  }

  #fail(why) {
    this.#seat = null;
    this.#isIn = false;
    this.#view.out(why);
  }
}

// crypto.randomUUID is only there on https and on loopback.
export function randomHex() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
