// A line between two parts that is dragged, or moved with the arrows when it has the focus.

const STEP = 24;  // px

// `read` gives { size, least, most } of the part before the line, in pixels; `write` gets its new size; `reset` puts the
// usual one back. `isUpright` is a line between left and right.
export function makeDivider(element, { label, isUpright, read, write, reset, done = () => {} }) {
  element.classList.add("divider", isUpright ? "upright" : "level");
  element.setAttribute("role", "separator");
  element.setAttribute("aria-label", label);
  element.setAttribute("aria-orientation", isUpright ? "vertical" : "horizontal");
  element.tabIndex = 0;

  const tell = () => {
    const { size, least, most } = read();
    element.setAttribute("aria-valuenow", Math.round(100 * Math.min(1, Math.max(0, (size - least) / Math.max(1, most - least)))));
  };
  const move = (wanted) => {
    const { least, most } = read();
    write(Math.max(least, Math.min(most, wanted)));
    tell();
  };
  const at = (event) => (isUpright ? event.clientX : event.clientY);

  element.onpointerdown = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const start = at(event);
    const { size } = read();
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragged");
    element.onpointermove = (moved) => move(size + at(moved) - start);
    element.onlostpointercapture = () => {
      element.onpointermove = null;
      element.classList.remove("dragged");
      done();
    };
  };
  element.ondblclick = () => { reset(); tell(); done(); };
  element.onfocus = tell;
  element.onkeydown = (event) => {
    const { size, least, most } = read();
    const act = {
      [isUpright ? "ArrowLeft" : "ArrowUp"]: () => move(size - STEP),
      [isUpright ? "ArrowRight" : "ArrowDown"]: () => move(size + STEP),
      Home: () => move(least),
      End: () => move(most),
      Enter: () => { reset(); tell(); },
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    done();
  };
  element.setAttribute("aria-valuenow", 50);
}
