// Small parts that every control uses: ids, buttons, short numbers, and waiting.
import { html } from "../nodes.js";

let numbered = 0;

/** A fresh id, so that labels, hints and errors can name what they belong to. */
export const freshId = (what) => `lab-${what}-${++numbered}`;

/** A button that is no submit button. */
export const button = (text, hint, onclick, properties = {}) =>
  html("button", { type: "button", title: hint, onclick, ...properties }, text);

/** A function that runs at most once in `wait` ms, with the newest arguments, and at last with the last ones. */
export function throttled(wait, action) {
  let timer = null;
  let last = -Infinity;
  let newest = [];
  const run = () => {
    timer = null;
    last = performance.now();
    action(...newest);
  };
  return (...given) => {
    newest = given;
    if (timer !== null) return;
    const rest = last + wait - performance.now();
    if (rest <= 0) run();
    else timer = setTimeout(run, rest);
  };
}

/** A function that runs once nothing more has been asked of it for `wait` ms. */
export function settled(wait, action) {
  let timer = null;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
