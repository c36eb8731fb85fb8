// On narrow pages, tabs select one pane at a time.

const tabs = [...document.querySelectorAll(".panes [role=tab]")];

export function showPane(name) {
  document.body.dataset.pane = name;
  for (const tab of tabs) {
    const chosen = tab.dataset.pane === name;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
}

for (const [at, tab] of tabs.entries()) {
  tab.onclick = () => showPane(tab.dataset.pane);
  tab.onkeydown = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = tabs[(at + step + tabs.length) % tabs.length];
    showPane(next.dataset.pane);
    next.focus();
  };
}
showPane(document.body.dataset.pane);
