// A divider between two parts of the page. It can be dragged, and moved with the arrow keys.

const STEP = 24;  // px

// `read` returns { size, min, max } of the part before the divider, in pixels. `write` sets its size. `reset` restores
// the initial size. `isUpright` is true for a divider between left and right.
export function makeDivider(element, { label, isUpright, read, write, reset, done = () => {} }) {
  element.classList.add("divider", isUpright ? "upright" : "level");
  element.setAttribute("role", "separator");
  element.setAttribute("aria-label", label);
  element.setAttribute("aria-orientation", isUpright ? "vertical" : "horizontal");
  element.tabIndex = 0;

  const updateValue = () => {
    const { size, min, max } = read();
    element.setAttribute("aria-valuenow", Math.round(100 * Math.min(1, Math.max(0, (size - min) / Math.max(1, max - min)))));
  };
  const move = (wanted) => {
    const { min, max } = read();
    write(Math.max(min, Math.min(max, wanted)));
    updateValue();
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
  element.ondblclick = () => { reset(); updateValue(); done(); };
  element.onfocus = updateValue;
  element.onkeydown = (event) => {
    const { size, min, max } = read();
    const act = {
      [isUpright ? "ArrowLeft" : "ArrowUp"]: () => move(size - STEP),
      [isUpright ? "ArrowRight" : "ArrowDown"]: () => move(size + STEP),
      Home: () => move(min),
      End: () => move(max),
      Enter: () => { reset(); updateValue(); },
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    done();
  };
  element.setAttribute("aria-valuenow", 50);
}
