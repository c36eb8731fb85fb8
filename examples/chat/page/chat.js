// Wires the page: the door, the room, and the session between them.

import { Client } from "/client.js";
import { MessageLog, make, tintOf } from "/message_log.js";
import { Session, randomHex } from "/session.js";
import { TELL_EVERY, Typing } from "/typing.js";

const find = (id) => document.getElementById(id);
const nick = find("nick"), room = find("room"), text = find("text");

// Who comes back with the same key gets his seat back, even while the server believes that he still sits there.
localStorage["chat.key"] ??= randomHex();

const client = new Client("/ws");
const log = new MessageLog(find("log"), find("to-end"));
const typing = new Typing(find("typing"));
const members = new Set();
let shownRoom = "";

const session = new Session(client, {
  room(entered) {
    if (shownRoom !== entered.room) log.clear(entered.nick);
    shownRoom = entered.room;
    members.clear();
    for (const one of entered.members) members.add(one);
    showMembers(entered.nick);
    typing.clear();
    log.merge(entered.messages);
    showRoom(entered.room);
  },
  message(message) {
    typing.remove(message.nick);
    log.add(message);
  },
  joined({ nick: one }) {
    members.add(one);
    showMembers(session.seat.nick);
  },
  left({ nick: one }) {
    members.delete(one);
    typing.remove(one);
    showMembers(session.seat.nick);
  },
  typing: ({ nick: one }) => typing.add(one),
  unsent: (message) => log.addUnsent(message),
  refused: ({ id }, why) => log.refuse(id, `Not sent: ${why}`),
  out: showDoor,
}, localStorage["chat.key"]);

// The door

const roomOfLink = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // half an escape
  }
};

function showDoor(why = "") {
  shownRoom = "";
  delete sessionStorage["chat.nick"];
  document.title = "Chat";
  find("inside").hidden = true;
  find("door").hidden = false;
  find("enter").disabled = false;
  find("problem").textContent = why;
  (nick.value ? find("enter") : nick).focus();
}

function enter() {
  for (const input of [nick, room]) {
    input.value = input.value.trim();
    if (input.value) continue;
    find("problem").textContent = `Say which ${input.name} you want.`;
    return input.focus();
  }
  localStorage["chat.nick"] = nick.value;
  localStorage["chat.room"] = room.value;
  find("problem").textContent = "";
  find("enter").disabled = true;
  session.join(room.value, nick.value);
}

find("join").addEventListener("submit", (event) => {
  event.preventDefault();
  enter();
});

addEventListener("hashchange", () => {
  const wanted = roomOfLink();
  if (!wanted || wanted === shownRoom) return;
  room.value = wanted;
  if (shownRoom) enter();
});

// The room

function showRoom(name) {
  const isNew = find("inside").hidden;
  find("room-name").textContent = `# ${name}`;
  document.title = `#${name} – Chat`;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  sessionStorage["chat.nick"] = session.seat.nick; // this window's own
  find("door").hidden = true;
  find("inside").hidden = false;
  if (!isNew) return;
  log.scrollToEnd();
  (matchMedia("(pointer: coarse)").matches ? find("log") : text).focus(); // no keyboard before it is wanted
}

function showMembers(own) {
  const sorted = [...members].sort((one, other) => one.localeCompare(other));
  find("members").replaceChildren(...sorted.map((one) => {
    const badge = make("span", `badge ${tintOf(one)}`, [...one][0].toUpperCase());
    badge.ariaHidden = "true";
    return make("li", "", badge, make("span", "nick", one), ...(one === own ? [make("span", "you", "(you)")] : []));
  }));
  find("show-people").textContent = members.size === 1 ? "1 person" : `${members.size} people`;
}

find("leave").addEventListener("click", () => {
  session.leave();
  showDoor();
});

// What one says

const fit = () => {
  text.style.height = "";
  text.style.height = `${text.scrollHeight + 2}px`; // and the border
};

let lastTold = -Infinity;
text.addEventListener("input", () => {
  fit();
  if (!text.value.trim() || performance.now() - lastTold < TELL_EVERY) return;
  lastTold = performance.now();
  session.type();
});

text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find("composer").requestSubmit();
});

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  text.focus();
  const said = text.value.trim();
  if (!said || !session.say(said)) return;
  text.value = "";
  lastTold = -Infinity;
  fit();
});

// The connection

const WORDS = { connecting: "Connecting…", open: "Connected", waiting: "Away, retrying", closed: "Not connected" };

let countdown;
client.onState(({ state, delay }) => {
  const due = performance.now() + delay;
  const showDelay = () => {
    const seconds = Math.ceil((due - performance.now()) / 1000);
    const words = state === "waiting" && seconds > 0 ? `in ${seconds} s` : "";
    for (const one of document.querySelectorAll("[data-delay]")) one.textContent = words;
  };
  clearInterval(countdown);
  if (state === "waiting") countdown = setInterval(showDelay, 250);
  document.body.dataset.state = state;
  for (const one of document.querySelectorAll("[data-words]")) one.textContent = WORDS[state];
  find("retry").hidden = state === "open" || state === "closed"; // it stays during an attempt, so that nothing jumps
  if (state !== "open") typing.clear();
  showDelay();
});
find("retry").addEventListener("click", () => client.connect());

// Who reloads stays inside; who comes by a link finds its room filled in.
const nickInside = sessionStorage["chat.nick"];
nick.value = nickInside ?? localStorage["chat.nick"] ?? "";
room.value = roomOfLink() || (localStorage["chat.room"] ?? "lobby");
showDoor();
if (nickInside) enter();
