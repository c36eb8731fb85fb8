// A list that is filtered by typing (WAI-ARIA combobox pattern), for quick open and other choices.

const dialog = document.getElementById("picker");
const input = document.getElementById("picker-input");
const list = document.getElementById("picker-list");
const note = document.getElementById("picker-note");
const MAX_OPTIONS = 60;

// Resolves with the value of the chosen item, or null. `choices` are { label, detail?, value }, as an array or a
// promise of one.
export function pick({ label, choices, empty }) {
  if (dialog.open) return Promise.resolve(null);
  const before = document.activeElement;
  let all = null;
  let shown = [];
  let at = 0;
  let finish;

  const choose = (index) => finish(shown[index]?.value ?? null);
  const mark = (index) => {
    at = index;
    for (const [place, option] of [...list.children].entries()) option.setAttribute("aria-selected", place === at);
    const option = list.children[at];
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  };
  const draw = () => {
    if (!all) return;
    shown = filterChoices(all, input.value.trim()).slice(0, MAX_OPTIONS);
    list.replaceChildren(...shown.map(makeOption));
    list.hidden = shown.length === 0;
    input.setAttribute("aria-expanded", !list.hidden);
    note.hidden = shown.length > 0;
    note.textContent = all.length === 0 ? empty : "No name matches.";
    mark(0);
  };

  input.value = "";
  input.placeholder = label;
  input.setAttribute("aria-label", label);
  list.replaceChildren();
  list.hidden = true;
  input.setAttribute("aria-expanded", false);
  note.hidden = false;
  note.textContent = "Loading…";
  input.oninput = draw;
  input.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) mark((at + step + shown.length) % shown.length);
    else if (event.key === "Enter" && shown.length && !event.isComposing) choose(at);
    else if (event.key !== "Enter") return;
    event.preventDefault();
  };
  list.onclick = (event) => {
    const option = event.target.closest("[role=option]");
    if (option) choose([...list.children].indexOf(option));
  };
  dialog.onclick = (event) => { if (event.target === dialog) finish(null); };  // a click outside
  dialog.onclose = () => { if (!dialog.open) finish(null); };  // Escape; the close event arrives late, when the next picker may be open
  return new Promise((resolve, reject) => {
    finish = (answer, settle = resolve) => {
      dialog.close();
      if (before?.isConnected) before.focus();
      settle(answer);
      finish = () => {};
    };
    Promise.resolve(choices).then((loaded) => { all = loaded; draw(); }, (error) => finish(error, reject));
    dialog.showModal();
  });
}

function makeOption({ label, detail = "", marks = [] }, at) {
  const option = document.createElement("div");
  const name = document.createElement("span");
  const more = document.createElement("span");
  option.id = `picker-option-${at}`;
  option.setAttribute("role", "option");
  name.append(...embolden(label, marks));
  more.textContent = detail;
  more.className = "muted";
  option.append(name, more);
  return option;
}

// Sets the matching letters in bold.
function embolden(label, marks) {
  if (marks.length === 0) return [label];
  return [...label].map((letter, at) => {
    if (!marks.includes(at)) return letter;
    const bold = document.createElement("b");
    bold.textContent = letter;
    return bold;
  });
}

// Returns the choices that contain all letters in order, best first: matches in the name before matches in the folder,
// and adjacent letters before scattered ones.
function filterChoices(choices, query) {
  if (query === "") return choices;
  const letters = [...query.toLowerCase().replace(/\s+/g, "")];
  const found = [];
  for (const choice of choices) {
    const inLabel = match([...choice.label.toLowerCase()], letters);
    const inAll = inLabel ?? match([...`${choice.detail ?? ""}/${choice.label}`.toLowerCase()], letters);
    if (inAll) found.push({ choice: { ...choice, marks: inLabel ? inLabel.marks : [] }, score: inAll.score + (inLabel ? 0 : 1000) });
  }
  return found.sort((one, other) => one.score - other.score).map(({ choice }) => choice);
}

function match(text, letters) {
  const whole = text.join("").indexOf(letters.join(""));
  if (whole >= 0) {
    const start = [...text.join("").slice(0, whole)].length;
    return { marks: letters.map((_, at) => start + at), score: whole + text.length / 1000 };
  }
  const marks = [];
  let score = 100;
  let at = -1;
  for (const letter of letters) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    if (at >= 0) score += next - at - 1;
    marks.push(at = next);
  }
  return { marks, score: score + text.length / 1000 };
}
