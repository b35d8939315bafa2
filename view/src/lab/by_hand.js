// By-hand mode: the loss of where the parameters stand now, large, and the best that was found so far.
import { html, say } from "../nodes.js";
import { short } from "./dom.js";

const MOST_NAMED = 6;

export class ByHand {
  #best = null;

  constructor() {
    this.loss = html("output", { class: "lab-loss", "aria-live": "off" });
    this.best = html("p", { class: "lab-best" });
    this.node = html("div", { class: "lab-hand", hidden: true }, html("p", {}, "loss ", this.loss), this.best);
  }

  /** view: the newest; settings: what it is of. The best is that of the same data, formula and loss. */
  show({ loss, parameters }, settings) {
    const key = ["data", "formula", "loss", "n", "noise", "seed_data", "truth"]
      .map((name) => settings[name])
      .join("\n");
    const value = loss.value === null ? NaN : Number(loss.value);
    if (this.#best?.key !== key) this.#best = { key, value: Infinity, text: "" };
    if (value < this.#best.value) {
      const places = parameters.map((each) => `${each.name} = ${short(each.value)}`).join(", ");
      const where = parameters.length <= MOST_NAMED ? ` at ${places}` : "";
      this.#best = { key, value, text: `best so far ${short(value)}${where}` };
    }
    say(this.loss, short(value));
    say(this.best, this.#best.text);
  }
}
