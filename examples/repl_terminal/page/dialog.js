// Questions. The browser's own modal dialogue keeps the focus inside; it goes back to where it was.

// Resolves with the value of the button, or null where it was cancelled. `detail` is shown as it is, `buttons` are
// { label, value, isMain?, isDanger? }; the main one has the focus, and without one that is Cancel.
export function ask({ title, text, detail = "", buttons }) {
  const before = document.activeElement;
  const dialog = document.createElement("dialog");  // each its own: `close` is told late, when the next may be open
  const heading = document.createElement("h2");
  const sentence = document.createElement("p");
  const shown = document.createElement("pre");
  const row = document.createElement("div");
  dialog.className = "question";
  dialog.setAttribute("aria-labelledby", "question-title");
  heading.id = "question-title";
  heading.textContent = title;
  sentence.textContent = text;
  shown.textContent = detail;
  shown.hidden = detail === "";
  row.className = "buttons";
  return new Promise((resolve) => {
    let answer = null;
    for (const { label, value, isMain, isDanger } of [{ label: "Cancel", value: null }, ...buttons]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.className = isDanger ? "danger" : isMain ? "main" : "";
      button.autofocus = Boolean(isMain) || (value === null && !buttons.some((one) => one.isMain));
      button.onclick = () => { answer = value; dialog.close(); };
      row.append(button);
    }
    dialog.append(heading, sentence, shown, row);
    document.body.append(dialog);
    dialog.onclose = () => {
      dialog.remove();
      if (before?.isConnected) before.focus();
      resolve(answer);
    };
    dialog.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const buttonsShown = [...row.children];
      if (step) buttonsShown[buttonsShown.indexOf(document.activeElement) + step]?.focus();
    };
    dialog.showModal();
  });
}
