// The list of messages. It keeps the order of the room, ours that wait at the end, and leaves the reader where he is.

const MAX_SHOWN = 500;
const SAME_BREATH = 5 * 60_000; // ms between two messages of one person that share a head
const NEAR_THE_END = 32;        // px

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });

export class MessageLog {
  #list;
  #toEnd;
  #shown = new Map(); // id → element
  #isAtEnd = true;
  #height = 0; // at which the reader was last seen
  #nick = "";

  constructor(list, toEnd) {
    this.#list = list;
    this.#toEnd = toEnd;
    list.addEventListener("scroll", () => this.#look());
    toEnd.addEventListener("click", () => { this.scrollToEnd(); list.focus(); });
    new ResizeObserver(() => this.#fit()).observe(list); // a keyboard came up
  }

  // Messages of this nick are ours.
  clear(nick) {
    this.#nick = nick;
    this.#shown.clear();
    this.#list.replaceChildren();
    this.scrollToEnd();
  }

  // The room's history, which we may know in part.
  merge(messages) {
    const before = this.#list.querySelector(".message:not(.unsent)");
    const isGap = before && messages.length && !messages.some(({ id }) => this.#isKnown(id));
    this.#list.setAttribute("aria-busy", "true"); // read aloud as one
    messages.forEach((message, at) => this.add(message, isGap && at === 0));
    this.#list.removeAttribute("aria-busy");
  }

  add(message, isBehindGap = false) {
    if (this.#isKnown(message.id)) return;
    this.#shown.get(message.id)?.remove(); // it waited, and takes its place among the others now
    this.#place(makeElement(message, this.#nick, isBehindGap), this.#list.querySelector(".unsent"));
  }

  // One of ours that waits; while connected it does not look so.
  addUnsent(message) {
    if (this.#shown.has(message.id)) return;
    const element = makeElement(message, this.#nick);
    element.classList.add("unsent");
    element.append(make("p", "note", "Waits until you are back"));
    this.#place(element, null);
    this.scrollToEnd();
  }

  refuse(id, why) {
    const element = this.#shown.get(id);
    element?.classList.replace("unsent", "refused");
    element?.querySelector(".note").replaceChildren(why);
  }

  scrollToEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#isAtEnd = true;
    this.#toEnd.hidden = true;
  }

  #isKnown(id) {
    return this.#shown.get(id)?.classList.contains("unsent") === false;
  }

  #fit() {
    this.#height = this.#list.clientHeight;
    if (this.#isAtEnd) this.scrollToEnd();
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    if (clientHeight !== this.#height) return; // the window has changed, the reader did not move
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_THE_END;
    if (this.#isAtEnd) this.#toEnd.hidden = true;
  }

  #place(element, next) {
    const stays = !this.#isAtEnd;
    this.#list.insertBefore(element, next);
    this.#shown.set(element.dataset.id, element);
    for (const one of [element, element.nextElementSibling]) if (one) connect(one, one.previousElementSibling);
    if (stays) this.#toEnd.hidden = false;
    else this.scrollToEnd();
    if (this.#list.childElementCount > MAX_SHOWN) this.#forgetFirst();
  }

  #forgetFirst() {
    const first = this.#list.firstElementChild;
    this.#shown.delete(first.dataset.id);
    first.remove();
    connect(this.#list.firstElementChild, null);
  }
}

// The same nick, the same tint.
export function tintOf(nick) {
  let sum = 7;
  for (const character of nick) sum = (sum * 33 + character.codePointAt(0)) % 6007;
  return `tint-${sum % 6}`;
}

export function make(tag, className, ...content) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

// A link ends with no punctuation, but may with a pair of brackets.
const LINK = /\bhttps?:\/\/(?:[^\s<>"()]|\([^\s<>"()]*\))*(?:[\p{L}\p{N}\/=&#%+~$-]|\([^\s<>"()]*\))/giu;

// Text and links. Everything is a node: nothing that anybody writes is read as HTML.
export function makeText(text) {
  const nodes = [];
  let end = 0;
  for (const { 0: link, index } of text.matchAll(LINK)) {
    if (!URL.canParse(link)) continue;
    const anchor = make("a", "", link);
    Object.assign(anchor, { href: link, target: "_blank", rel: "noopener noreferrer nofollow" });
    nodes.push(text.slice(end, index), anchor);
    end = index + link.length;
  }
  return [...nodes, text.slice(end)];
}

function makeElement({ id, nick, text, time }, ownNick, isBehindGap) {
  const at = new Date(time);
  const stamp = make("time", "", clock.format(at));
  stamp.dateTime = at.toISOString();
  const head = make("p", "head", make("span", "nick", nick), " ", stamp);
  const element = make("div", `message ${tintOf(nick)}`, head, make("div", "bubble", ...makeText(text)));
  element.classList.toggle("own", nick === ownNick);
  Object.assign(element.dataset, { id, nick, time, day: at.toDateString() });
  if (isBehindGap) element.dataset.gap = "Messages may be missing here";
  return element;
}

// Draws what depends on the message before: its day, and whether one speaks on.
function connect(element, previous) {
  const { nick, time, day, gap } = element.dataset;
  element.querySelector(".divider")?.remove();
  const words = gap ?? (previous?.dataset.day === day ? "" : wordsForDay(new Date(Number(time))));
  if (words) element.prepend(make("p", "divider", words));
  const speaksOn = previous?.dataset.nick === nick && time - previous.dataset.time < SAME_BREATH;
  element.classList.toggle("again", Boolean(speaksOn && !words));
}

function wordsForDay(date) {
  const daysAgo = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  return ["Today", "Yesterday"][daysAgo] ?? calendar.format(date);
}
