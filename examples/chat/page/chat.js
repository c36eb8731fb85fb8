// Connects the page's two views, the join form and the room, with the session.

import { Client } from "/client.js";
import { MessageLog, makeElement, tintClass } from "/message_log.js";
import { Session, randomHex } from "/session.js";
import { SEND_INTERVAL, TypingIndicator } from "/typing_indicator.js";

const find = (id) => document.getElementById(id);
const nick = find("nick"), room = find("room"), text = find("text");

// A client with the same key can take over its nick while the server has not noticed that its old connection is dead.
localStorage["chat.key"] ??= randomHex();

const client = new Client("/ws");
const log = new MessageLog(find("log"), find("new-messages"));
const typing = new TypingIndicator(find("typing"));
const members = new Set();
let shownRoom = "";

const session = new Session(client, {
  room(joined) {
    if (shownRoom !== joined.room) log.clear(joined.nick);
    shownRoom = joined.room;
    members.clear();
    for (const member of joined.members) members.add(member);
    showMembers(joined.nick);
    typing.clear();
    log.merge(joined.messages);
    showRoom(joined.room);
  },
  message(message) {
    typing.remove(message.nick);
    log.add(message);
  },
  joined({ nick: member }) {
    members.add(member);
    showMembers(session.membership.nick);
  },
  left({ nick: member }) {
    members.delete(member);
    typing.remove(member);
    showMembers(session.membership.nick);
  },
  typing: ({ nick: member }) => typing.add(member),
  unsent: (message) => log.addUnsent(message),
  rejected: ({ id }, reason) => log.reject(id, `Not sent: ${reason}`),
  ended: showJoinForm,
}, localStorage["chat.key"]);

// The join form

const roomOfLink = () => {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return ""; // an incomplete escape sequence
  }
};

function showJoinForm(error = "") {
  shownRoom = "";
  delete sessionStorage["chat.nick"];
  document.title = "Chat";
  find("room-view").hidden = true;
  find("join-view").hidden = false;
  find("join-button").disabled = false;
  find("join-error").textContent = error;
  (nick.value ? find("join-button") : nick).focus();
}

function join() {
  for (const input of [nick, room]) {
    input.value = input.value.trim();
    if (input.value) continue;
    find("join-error").textContent = `Enter a ${input.name}.`;
    return input.focus();
  }
  localStorage["chat.nick"] = nick.value;
  localStorage["chat.room"] = room.value;
  find("join-error").textContent = "";
  find("join-button").disabled = true;
  session.join(room.value, nick.value);
}

find("join").addEventListener("submit", (event) => {
  event.preventDefault();
  join();
});

addEventListener("hashchange", () => {
  const linked = roomOfLink();
  if (!linked || linked === shownRoom) return;
  room.value = linked;
  if (shownRoom) join();
});

// The room

function showRoom(name) {
  const wasHidden = find("room-view").hidden;
  find("room-name").textContent = `# ${name}`;
  document.title = `#${name} – Chat`;
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  sessionStorage["chat.nick"] = session.membership.nick; // per window, unlike localStorage
  find("join-view").hidden = true;
  find("room-view").hidden = false;
  if (!wasHidden) return;
  log.scrollToEnd();
  // On a touch screen, focusing the input would open the keyboard.
  (matchMedia("(pointer: coarse)").matches ? find("log") : text).focus();
}

function showMembers(ownNick) {
  const sorted = [...members].sort((a, b) => a.localeCompare(b));
  find("members").replaceChildren(...sorted.map((member) => {
    const badge = makeElement("span", `badge ${tintClass(member)}`, [...member][0].toUpperCase());
    badge.ariaHidden = "true";
    const you = member === ownNick ? [makeElement("span", "you", "(you)")] : [];
    return makeElement("li", "", badge, makeElement("span", "nick", member), ...you);
  }));
  find("show-people").textContent = members.size === 1 ? "1 person" : `${members.size} people`;
}

find("leave").addEventListener("click", () => {
  session.leave();
  showJoinForm();
});

// The message input

const resizeInput = () => {
  text.style.height = "";
  text.style.height = `${text.scrollHeight + 2}px`; // scrollHeight does not include the border
};

let lastTypingSent = -Infinity;
text.addEventListener("input", () => {
  resizeInput();
  if (!text.value.trim() || performance.now() - lastTypingSent < SEND_INTERVAL) return;
  lastTypingSent = performance.now();
  session.sendTyping();
});

text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  find("composer").requestSubmit();
});

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  text.focus();
  const message = text.value.trim();
  if (!message || !session.say(message)) return;
  text.value = "";
  lastTypingSent = -Infinity;
  resizeInput();
});

// The connection

const STATE_TEXTS = { connecting: "Connecting…", open: "Connected", waiting: "Reconnecting", closed: "Not connected" };

let countdown;
client.onState(({ state, delay }) => {
  const due = performance.now() + delay;
  const showDelay = () => {
    const seconds = Math.ceil((due - performance.now()) / 1000);
    const text = state === "waiting" && seconds > 0 ? `in ${seconds} s` : "";
    for (const element of document.querySelectorAll("[data-delay]")) element.textContent = text;
  };
  clearInterval(countdown);
  if (state === "waiting") countdown = setInterval(showDelay, 250);
  document.body.dataset.state = state;
  for (const element of document.querySelectorAll("[data-state-text]")) element.textContent = STATE_TEXTS[state];
  find("retry").hidden = state === "open" || state === "closed"; // visible during an attempt too, so that the layout does not change
  if (state !== "open") typing.clear();
  showDelay();
});
find("retry").addEventListener("click", () => client.connect());

// A reload joins again automatically. A link to a room fills the room into the form.
const joinedNick = sessionStorage["chat.nick"];
nick.value = joinedNick ?? localStorage["chat.nick"] ?? "";
room.value = roomOfLink() || (localStorage["chat.room"] ?? "lobby");
showJoinForm();
if (joinedNick) join();
