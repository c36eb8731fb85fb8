// Modal questions. The <dialog> element keeps the focus inside. Afterwards the focus returns to the previous element.

// Resolves with the value of the chosen button, or with null on cancel. `detail` is shown as preformatted text.
// `buttons` are { label, value, isMain?, isDanger? }. The main button gets the focus; without one, Cancel does.
export function ask({ title, text, detail = "", buttons }) {
  const before = document.activeElement;
  const dialog = document.createElement("dialog");  // not reused: the close event arrives late, when the next question may be open
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
