// The formula: checked while it is typed, with a caret under what is wrong; taken with Enter or on leaving the box.
import { html, say } from "../nodes.js";
import { freshId, settled } from "./dom.js";

const WAIT = 150; // ms after the last key

/** A line of carets under text[start:end]; as wide as the text in a fixed-width font, however wide its letters are. */
export function caretLine(text, start, end) {
  const points = [...text.slice(0, start)].length;
  const wide = [...text.slice(start, Math.max(end, start + 1))].length || 1;
  return " ".repeat(points) + "^".repeat(wide);
}

let asked = 0; // checks of all boxes of a page, so that each knows its own answers

export class FormulaBox {
  #seq = 0;
  #taken = "";
  #ask;

  /** check(text, seq): asks what is wrong; onFormula(text): a formula to fit. */
  constructor({ check, onFormula }) {
    const [boxId, hintId, errorId] = ["formula", "hint", "error"].map(freshId);
    const hint = "Parameters are the names that are no column: in y = w*x + b they are w and b. Enter applies it.";
    this.box = html("input", {
      type: "text",
      id: boxId,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      "data-setting": "formula",
      "aria-describedby": `${errorId} ${hintId}`,
      oninput: () => this.#typed(),
      onchange: () => this.#apply(onFormula),
      onkeydown: (event) => event.key === "Enter" && this.#apply(onFormula),
    });
    this.where = html("pre", { class: "lab-caret", "aria-hidden": "true" });
    this.message = html("p", { class: "lab-error", id: errorId });
    this.fault = html("div", { class: "lab-fault", hidden: true }, this.where, this.message);
    this.node = html(
      "div",
      { class: "lab-field lab-formula", "data-field": "formula" },
      html("label", { for: boxId, title: hint }, "Formula"),
      this.box,
      this.fault,
      html("p", { class: "lab-hint", id: hintId }, hint),
    );
    this.#ask = settled(WAIT, () => check(this.box.value, (this.#seq = ++asked)));
    this.box.addEventListener("scroll", () => (this.where.scrollLeft = this.box.scrollLeft));
  }

  get text() {
    return this.box.value;
  }

  /** Show what is set, unless somebody is typing something else. */
  show(text = "") {
    const typing = document.activeElement === this.box && this.box.value !== this.#taken;
    this.#taken = text;
    if (!typing && this.box.value !== text) {
      this.box.value = text;
      this.blame(null);
    }
  }

  /** The answer to a check: only that to the newest question counts. */
  checked({ seq, error }) {
    if (seq === this.#seq) this.blame(error);
  }

  /** error: {message, start, end} or null */
  blame(error) {
    this.fault.hidden = !error;
    if (!error) {
      this.box.removeAttribute("aria-invalid");
      say(this.message, "");
      return;
    }
    this.box.setAttribute("aria-invalid", "true");
    const text = this.box.value;
    const placed = Number.isInteger(error.start);
    this.where.hidden = !placed;
    if (placed) say(this.where, caretLine(text, error.start, error.end ?? error.start + 1));
    say(this.message, error.message);
    this.where.scrollLeft = this.box.scrollLeft;
  }

  #typed() {
    this.#seq = 0; // an answer to an older text says nothing of this one
    this.#ask();
  }

  #apply(onFormula) {
    const text = this.box.value.trim();
    if (text === this.#taken || text === "") return;
    this.#taken = text;
    onFormula(text);
  }
}
