// The membership of one person in one room. Joins, joins again after each reconnection, and keeps unsent messages.
// Does not use the DOM. Calls these methods of `view`:
//   room({ room, nick, members, messages })   we have joined; the members and the history of the room
//   message, joined, left, typing             an event of the room, with the data that the server sent
//   unsent(message)                           one of our messages waits for its answer
//   rejected(message, reason)                 the server refused one of our messages
//   ended(reason)                             we are not in the room any more, and will not join again automatically

const MAX_UNSENT = 50;

export class Session {
  #client;
  #view;
  #key;
  #membership = null;  // { room, nick }: joined, or to be joined when the connection opens
  #hasJoined = false;
  #unsent = new Map(); // id → { id, text }, until the server has answered
  #unsentRoom = "";

  constructor(client, view, key) {
    this.#client = client;
    this.#view = view;
    this.#key = key;
    client.on("connect", () => this.#sendJoin());
    client.on("disconnect", ({ text }) => {
      this.#hasJoined = false;
      if (client.state === "closed" && this.#membership) this.#end(text || "The server closed the connection.");
    });
    client.on("room", (room) => this.#onRoom(room));
    for (const event of ["message", "joined", "left", "typing"]) {
      client.on(event, (data) => { if (this.#hasJoined) view[event](data); }); // ignores events of a room that we left
    }
  }

  get membership() { return this.#membership; }

  join(room, nick) {
    this.leave();
    if (room !== this.#unsentRoom) this.#unsent.clear();
    this.#unsentRoom = room;
    this.#membership = { room, nick };
    if (this.#client.state === "open") this.#sendJoin();
    else this.#client.connect(); // the `connect` callback joins
  }

  leave() {
    if (!this.#membership) return;
    if (this.#client.state === "open") this.#client.emit("leave"); // the server handles it after a pending `join`
    this.#membership = null;
    this.#hasJoined = false;
    this.#unsent.clear();
  }

  // Sends the message now or after the next join. Returns false if too many messages are unsent.
  say(text) {
    if (this.#unsent.size >= MAX_UNSENT) return false;
    const message = { id: randomHex(), text };
    this.#unsent.set(message.id, message);
    this.#showUnsent(message);
    if (this.#hasJoined) this.#send(message);
    return true;
  }

  sendTyping() {
    if (this.#hasJoined) this.#client.emitVolatile("typing");
  }

  async #sendJoin() {
    const membership = this.#membership;
    if (!membership) return;
    try {
      await this.#client.request("join", { ...membership, key: this.#key }, { timeout: Infinity });
    } catch (error) {
      if (membership === this.#membership && error.code !== "closed") this.#end(error.message);
    }
  }

  // The `room` event comes before the reply to `join`. Unsent messages are not left to the client's own queue, because
  // the client sends its queue before `connect`, and the server would receive them before `join`.
  #onRoom(room) {
    if (this.#membership?.room !== room.room) return; // the user has chosen another room meanwhile
    this.#hasJoined = true;
    this.#view.room(room);
    for (const { id } of room.messages) this.#unsent.delete(id);
    for (const message of this.#unsent.values()) {
      this.#showUnsent(message);
      this.#send(message);
    }
  }

  #showUnsent(message) {
    this.#view.unsent({ ...message, nick: this.#membership.nick, time: Date.now() });
  }

  // Needs no timeout, because the heartbeat ends a dead connection. If the connection is lost before the answer, the
  // message is sent again after the next join, and the server recognizes its id.
  async #send(message) {
    try {
      await this.#client.request("say", message, { timeout: Infinity });
      this.#unsent.delete(message.id);
    } catch (error) {
      // "not_joined": the socket was closing, so the client queued the message and sent it before the next join.
      const isTooEarly = error.code === "closed" || error.failure?.code === "not_joined";
      if (isTooEarly || !this.#unsent.delete(message.id)) return;
      this.#view.rejected(message, error.message);
    }
  }

  #end(reason) {
    this.#membership = null;
    this.#hasJoined = false;
    this.#view.ended(reason);
  }
}

// crypto.randomUUID exists only on https and on loopback.
export function randomHex() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
