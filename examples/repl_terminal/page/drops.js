// Prevents the browser from opening a dropped file or link in place of the page.

export function guardDrops() {
  for (const name of ["dragover", "drop"]) addEventListener(name, guard);
}

function guard(event) {
  const isText = !event.dataTransfer.types.includes("Files");
  if (event.defaultPrevented || (isText && event.target.closest?.("input, textarea"))) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}
