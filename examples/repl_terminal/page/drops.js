// A file or a link that is dropped where nothing takes it does nothing: a browser would leave the page to show it.

export function guardDrops() {
  for (const name of ["dragover", "drop"]) addEventListener(name, guard);
}

function guard(event) {
  const isText = !event.dataTransfer.types.includes("Files");
  if (event.defaultPrevented || (isText && event.target.closest?.("input, textarea"))) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "none";
}
