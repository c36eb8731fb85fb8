// A menu (WAI-ARIA menu pattern): arrow keys, Home, End, first letter. Escape returns the focus.

let close = () => {};

// `items` are { label, keys?, run, isOff? }, or null for a separator. `place` is an element below which the menu
// opens, or { x, y }.
export function openMenu(label, items, place) {
  close();
  const before = document.activeElement;
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", label);
  menu.append(...items.map((item) => (item ? makeItem(item) : makeLine())));
  document.body.append(menu);
  putAt(menu, place);

  close = (givesBack = false) => {
    close = () => {};
    removeEventListener("pointerdown", outside, true);
    removeEventListener("blur", leave);
    removeEventListener("resize", leave);
    menu.remove();
    if (place instanceof Element) place.setAttribute("aria-expanded", "false");
    if (givesBack && before?.isConnected) before.focus();
  };
  const outside = (event) => { if (!menu.contains(event.target)) close(); };
  const leave = () => close();
  addEventListener("pointerdown", outside, true);
  addEventListener("blur", leave);
  addEventListener("resize", leave);

  const entries = [...menu.querySelectorAll("[role=menuitem]")];
  const step = (by) => {
    const at = entries.indexOf(document.activeElement);
    entries.at((at + by + entries.length) % entries.length).focus();
  };
  menu.onkeydown = (event) => {
    const act = {
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      Home: () => entries[0].focus(),
      End: () => entries.at(-1).focus(),
      Escape: () => close(true),
      Tab: () => close(true),
    }[event.key];
    if (act) act();
    else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey) find(entries, event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  menu.oncontextmenu = (event) => event.preventDefault();
  menu.onfocusout = (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) close(); };
  if (place instanceof Element) place.setAttribute("aria-expanded", "true");
  entries[0].focus();
}

function makeItem({ label, keys = "", run, isOff = false }) {
  const item = document.createElement("button");
  const name = document.createElement("span");
  const hint = document.createElement("span");
  item.type = "button";
  item.tabIndex = -1;
  item.setAttribute("role", "menuitem");
  if (isOff) item.setAttribute("aria-disabled", "true");
  name.textContent = label;
  hint.textContent = keys;
  hint.className = "keys";
  hint.setAttribute("aria-hidden", "true");
  if (keys) item.setAttribute("aria-keyshortcuts", keys.replace("Ctrl", "Control").replace("++", "+Plus"));
  item.append(name, hint);
  item.onclick = () => {
    if (isOff) return;
    close(true);
    run();
  };
  item.onpointermove = () => item.focus({ preventScroll: true });
  return item;
}

function makeLine() {
  const line = document.createElement("div");
  line.setAttribute("role", "separator");
  return line;
}

function putAt(menu, place) {
  const margin = 4;
  let { x, y } = place;
  if (place instanceof Element) {
    const box = place.getBoundingClientRect();
    [x, y] = [box.right - menu.offsetWidth, box.bottom + margin];
    if (x < margin) x = box.left;
  }
  x = Math.min(x, innerWidth - menu.offsetWidth - margin);
  y = Math.min(y, innerHeight - menu.offsetHeight - margin);
  menu.style.left = `${Math.max(margin, x)}px`;
  menu.style.top = `${Math.max(margin, y)}px`;
}

function find(entries, letter) {
  const at = entries.indexOf(document.activeElement);
  const order = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  order.find((entry) => entry.textContent.toLowerCase().startsWith(letter.toLowerCase()))?.focus();
}
