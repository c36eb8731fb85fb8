// An input in the tree for the name of a file or folder.

export function makeNameInput(name, label) {
  const input = document.createElement("input");
  input.className = "row name-input";
  input.value = name;
  input.spellcheck = false;
  input.autocapitalize = "off";
  input.setAttribute("aria-label", label);
  return input;
}

// Creates a temporary tree item for the input, because a tree may contain only items.
export function makeNewItem(depth) {
  const item = document.createElement("div");
  item.setAttribute("role", "treeitem");
  item.setAttribute("aria-level", depth + 1);
  item.setAttribute("aria-selected", "false");
  item.setAttribute("aria-label", "New item");
  item.style.setProperty("--depth", depth);
  return item;
}

// Selects the first `selected` characters. Resolves with { typed, isLeft }: the name or null, and true if the input
// has lost the focus.
export function typeName(input, selected) {
  input.focus();
  input.setSelectionRange(0, selected);
  return new Promise((resolve) => {
    input.onblur = () => resolve({ typed: null, isLeft: true });
    input.onkeydown = (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && !event.isComposing) resolve({ typed: input.value.trim() || null, isLeft: false });
      if (event.key === "Escape") resolve({ typed: null, isLeft: false });
    };
    input.onclick = (event) => event.stopPropagation();
  });
}
