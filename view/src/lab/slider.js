// A slider with a box for the exact number beside it; both show the same text, and either changes it.
import { html, say } from "../nodes.js";
import { freshId } from "./dom.js";

/** Ways to lay numbers along a slider: a place 0..1 for a value, a value for a place, and the next one by the keys. */
export const SCALES = {
  log: {
    place: (value, low, high) => Math.log(value / low) / Math.log(high / low),
    value: (place, low, high) => Number((low * (high / low) ** place).toPrecision(3)),
    next: (value, direction, far) => Number((value * (far ? 1.5 : 1.05) ** direction).toPrecision(3)),
  },
  count: {
    place: (value, low, high) => Math.cbrt((value - low) / (high - low)),
    value: (place, low, high) => Math.round(low + (high - low) * place ** 3),
    next: (value, direction, far) => value + direction * Math.max(1, Math.round(value * (far ? 0.5 : 0.05))),
  },
  linear: {
    place: (value, low, high) => (value - low) / (high - low),
    value: (place, low, high) => Number((low + (high - low) * place).toPrecision(4)),
    next: (value, direction, far, low, high) =>
      Number((value + (direction * (high - low) * (far ? 10 : 1)) / 200).toPrecision(6)),
  },
};

SCALES.whole = { ...SCALES.log, value: (...given) => Math.round(SCALES.log.value(...given)), next: SCALES.count.next };
SCALES.few = {
  ...SCALES.linear,
  value: (...given) => Math.round(SCALES.linear.value(...given)),
  next: (value, direction) => value + direction,
};

const KEYS = {
  ArrowUp: [1],
  ArrowRight: [1],
  ArrowDown: [-1],
  ArrowLeft: [-1],
  PageUp: [1, true],
  PageDown: [-1, true],
};
const FINEST = 10000; // places on a slider

export class Slider {
  #scale;
  #low;
  #high;
  #text = "";
  #valueText;
  #told;

  /**
   * name: the setting; onValue(text, sliding): a new value, sliding while the slider is still held; words: whether the
   * box takes more than numbers, such as "cosine(0.1)"; valueText(text): what a screen reader says of the value.
   */
  constructor({ name, label, hint, scale = "linear", low, high, onValue, words = false, valueText = (text) => text }) {
    this.#scale = SCALES[scale];
    this.#low = low;
    this.#high = high;
    this.#valueText = valueText;
    this.#told = onValue;
    const [boxId, hintId, errorId] = ["box", "hint", "error"].map(freshId);
    this.words = words;
    this.track = html("input", {
      type: "range",
      min: 0,
      max: FINEST,
      step: "any",
      "aria-label": `${label} slider`,
      "aria-describedby": hintId,
      "data-slider": name,
      oninput: () => this.#slid(true),
      onchange: () => this.#slid(false),
      onkeydown: (event) => this.#key(event),
    });
    this.box = html("input", {
      type: "text",
      inputmode: "decimal",
      id: boxId,
      autocomplete: "off",
      spellcheck: "false",
      "data-setting": name,
      "aria-describedby": `${hintId} ${errorId}`,
      onchange: () => this.#typed(),
      onkeydown: (event) => this.#key(event),
    });
    this.label = html("label", { for: boxId, title: hint }, label);
    this.fault = html("p", { class: "lab-error", id: errorId, hidden: true });
    this.under = html("div", { class: "lab-under" });
    this.node = html(
      "div",
      { class: "lab-field lab-slider", "data-field": name },
      this.label,
      this.box,
      html("div", { class: "lab-track" }, this.track, this.under),
      html("p", { class: "lab-hint", id: hintId }, hint),
      this.fault,
    );
  }

  get low() {
    return this.#low;
  }

  get high() {
    return this.#high;
  }

  /** Where a value lies along the slider, 0..1. */
  placeOf(value) {
    return this.#scale.place(value, this.#low, this.#high);
  }

  /** Show a value; what is being typed is left alone. */
  show(text = "") {
    const typing = document.activeElement === this.box && this.box.value !== this.#text;
    if (!typing) this.box.value = text;
    this.#text = text;
    const number = Number(text);
    const place = text === "" ? NaN : this.placeOf(number);
    if (Number.isFinite(place)) this.track.value = FINEST * Math.min(1, Math.max(0, place));
    this.track.setAttribute("aria-valuetext", this.#valueText(text === "" ? "not set" : text));
  }

  reach(low, high) {
    if (low === this.#low && high === this.#high) return;
    this.#low = low;
    this.#high = high;
    this.show(this.#text);
  }

  enable(enabled) {
    this.track.disabled = this.box.disabled = !enabled;
  }

  /** Say what is wrong with the value, or with "" that nothing is. */
  blame(text) {
    say(this.fault, text);
    this.fault.hidden = text === "";
    if (text) this.box.setAttribute("aria-invalid", "true");
    else this.box.removeAttribute("aria-invalid");
  }

  #take(text, sliding) {
    this.blame("");
    this.show(text);
    this.box.value = text;
    this.#told(text, sliding);
  }

  #slid(sliding) {
    const place = Number(this.track.value) / FINEST;
    const text = String(this.#scale.value(place, this.#low, this.#high));
    if (sliding && text === this.#text) return;
    this.#take(text, sliding);
  }

  #typed() {
    const text = this.box.value.trim();
    if (text === this.#text) return;
    if (this.words || text === "" || Number.isFinite(Number(text))) this.#take(text, false);
    else this.blame(`“${text}” is no number`);
  }

  #key(event) {
    const [direction, far = false] = KEYS[event.key] ?? [];
    const inBox = event.target === this.box;
    if (direction === undefined || (inBox && !["ArrowUp", "ArrowDown"].includes(event.key))) return;
    const value = Number(this.#text);
    if (this.#text === "" || !Number.isFinite(value)) return;
    event.preventDefault();
    const next = this.#scale.next(value, direction, far || event.shiftKey, this.#low, this.#high);
    const kept = Math.min(this.#high, Math.max(this.#low, next));
    const text = String(inBox ? next : kept);
    if (text !== this.#text) this.#take(text, true);
  }
}

/** An end of a slider for a parameter: round, and far enough for what it must reach. */
export function reachFor(...values) {
  const most = Math.max(...values.filter(Number.isFinite).map(Math.abs), 0);
  if (most === 0) return 2;
  const power = 10 ** Math.floor(Math.log10(most));
  return Number((([1, 2, 5, 10].find((times) => times * power >= 1.25 * most) ?? 20) * power).toPrecision(2));
}
