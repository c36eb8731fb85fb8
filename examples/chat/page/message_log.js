// The list of messages, in the order of the room; our unsent messages are last. It scrolls to a new message only if the
// list is already scrolled to the end.

const MAX_SHOWN = 500;
const GROUP_INTERVAL = 5 * 60_000; // ms; two messages of one person within it share a header
const NEAR_END = 32;               // px

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dateFormat = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

export class MessageLog {
  #list;
  #newMessages;         // the button that scrolls to the end
  #shown = new Map();   // id → element
  #isAtEnd = true;
  #height = 0;          // of the list at its last resize
  #ownNick = "";

  constructor(list, newMessages) {
    this.#list = list;
    this.#newMessages = newMessages;
    list.addEventListener("scroll", () => this.#onScroll());
    newMessages.addEventListener("click", () => { this.scrollToEnd(); list.focus(); });
    new ResizeObserver(() => this.#onResize()).observe(list); // for example when a phone's keyboard opens
  }

  // `ownNick` marks our own messages.
  clear(ownNick) {
    this.#ownNick = ownNick;
    this.#shown.clear();
    this.#list.replaceChildren();
    this.scrollToEnd();
  }

  // Adds the messages of the room's history that are not shown yet.
  merge(messages) {
    const existing = this.#list.querySelector(".message:not(.unsent)");
    const hasGap = existing && messages.length && !messages.some(({ id }) => this.#isKnown(id));
    this.#list.setAttribute("aria-busy", "true"); // a screen reader waits until all are added
    messages.forEach((message, index) => this.add(message, hasGap && index === 0));
    this.#list.removeAttribute("aria-busy");
  }

  add(message, isAfterGap = false) {
    if (this.#isKnown(message.id)) return;
    this.#shown.get(message.id)?.remove(); // it was unsent, and now moves to its final place
    this.#place(makeMessage(message, this.#ownNick, isAfterGap), this.#list.querySelector(".unsent"));
  }

  // Adds one of our messages that has no answer yet. It looks unsent only while we are disconnected.
  addUnsent(message) {
    if (this.#shown.has(message.id)) return;
    const element = makeMessage(message, this.#ownNick);
    element.classList.add("unsent");
    element.append(makeElement("p", "note", "Will be sent after reconnecting"));
    this.#place(element, null);
    this.scrollToEnd();
  }

  reject(id, text) {
    const element = this.#shown.get(id);
    element?.classList.replace("unsent", "rejected");
    element?.querySelector(".note").replaceChildren(text);
  }

  scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#isAtEnd = true;
    this.#newMessages.hidden = true;
  }

  #isKnown(id) {
    return this.#shown.get(id)?.classList.contains("unsent") === false;
  }

  #onResize() {
    this.#height = this.#list.clientHeight;
    if (this.#isAtEnd) this.scrollToEnd();
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    if (clientHeight !== this.#height) return; // the window was resized, and the user did not scroll
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.#isAtEnd) this.#newMessages.hidden = true;
  }

  #place(element, next) {
    const wasAtEnd = this.#isAtEnd;
    this.#list.insertBefore(element, next);
    this.#shown.set(element.dataset.id, element);
    for (const changed of [element, element.nextElementSibling]) {
      if (changed) updateHeader(changed, changed.previousElementSibling);
    }
    if (wasAtEnd) this.scrollToEnd();
    else this.#newMessages.hidden = false;
    if (this.#list.childElementCount > MAX_SHOWN) this.#removeFirst();
  }

  #removeFirst() {
    const first = this.#list.firstElementChild;
    this.#shown.delete(first.dataset.id);
    first.remove();
    updateHeader(this.#list.firstElementChild, null);
  }
}

// Returns the CSS class that gives a nick its color. Depends on the nick only.
export function tintClass(nick) {
  let hash = 7;
  for (const character of nick) hash = (hash * 33 + character.codePointAt(0)) % 6007;
  return `tint-${hash % 6}`;
}

export function makeElement(tag, className, ...content) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

// A link does not end with punctuation, but may end with a pair of parentheses.
const LINK = /\bhttps?:\/\/(?:[^\s<>"()]|\([^\s<>"()]*\))*(?:[\p{L}\p{N}\/=&#%+~$-]|\([^\s<>"()]*\))/giu;

// Splits a text into text nodes and links. It creates no HTML from the text, so a message cannot inject any.
export function makeText(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    if (!URL.canParse(link)) continue;
    const anchor = makeElement("a", "", link);
    Object.assign(anchor, { href: link, target: "_blank", rel: "noopener noreferrer nofollow" });
    nodes.push(text.slice(end, index), anchor);
    end = index + link.length;
  }
  return [...nodes, text.slice(end)];
}

function makeMessage({ id, nick, text, time }, ownNick, isAfterGap) {
  const date = new Date(time);
  const timestamp = makeElement("time", "", timeFormat.format(date));
  timestamp.dateTime = date.toISOString();
  const header = makeElement("p", "header", makeElement("span", "nick", nick), " ", timestamp);
  const element = makeElement("div", `message ${tintClass(nick)}`, header, makeElement("div", "bubble", ...makeText(text)));
  element.classList.toggle("own", nick === ownNick);
  Object.assign(element.dataset, { id, nick, time, day: date.toDateString() });
  if (isAfterGap) element.dataset.gap = "Some messages may be missing here";
  return element;
}

// Updates the parts that depend on the previous message: the divider, and whether both share a header.
function updateHeader(element, previous) {
  const { nick, time, day, gap } = element.dataset;
  element.querySelector(".divider")?.remove();
  const divider = gap ?? (previous?.dataset.day === day ? "" : textForDay(new Date(Number(time))));
  if (divider) element.prepend(makeElement("p", "divider", divider));
  const isSameGroup = previous?.dataset.nick === nick && time - previous.dataset.time < GROUP_INTERVAL;
  element.classList.toggle("grouped", Boolean(isSameGroup && !divider));
}

function textForDay(date) {
  const daysAgo = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return ["Today", "Yesterday"][daysAgo] ?? dateFormat.format(date);
}
