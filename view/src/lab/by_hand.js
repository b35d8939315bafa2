// By-hand mode: the loss of where the parameters stand now, large, and the best that was found so far.
import { html, say } from "../nodes.js";
import { shown } from "../values.js";

const MOST_NAMED = 6;

export class ByHand {
  #best = null;

  constructor() {
    this.loss = html("output", { class: "lab-loss", "aria-live": "off" });
    this.best = html("p", { class: "lab-best" });
    this.node = html("div", { class: "lab-hand", hidden: true }, html("p", {}, "loss ", this.loss), this.best);
  }

  /**
   * view: the newest; settings: what it is of; sample: whether it is of some of the rows only, whose loss is no match
   * for that of all. The best is that of the same data, formula and loss.
   */
  show({ loss, parameters }, settings, sample) {
    const key = ["data", "formula", "loss", "n", "noise", "seed_data", "truth"]
      .map((name) => settings[name])
      .join("\n");
    const value = loss.value === null ? NaN : Number(loss.value);
    if (this.#best?.key !== key) this.#best = { key, value: Infinity, text: "" };
    if (value < this.#best.value && !sample) {
      const places = parameters.map((each) => `${each.name} = ${shown(each.value)}`).join(", ");
      const where = parameters.length <= MOST_NAMED ? ` at ${places}` : "";
      this.#best = { key, value, text: `best so far ${shown(value)}${where}` };
    }
    say(this.loss, shown(value));
    say(this.best, this.#best.text);
  }
}
