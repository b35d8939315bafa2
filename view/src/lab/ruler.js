// The learning-rate ruler under the slider: what each rate leads to for this data, as coloured and patterned stretches.
import { html, say } from "../nodes.js";
import { shown } from "../values.js";
import { freshId } from "./dom.js";

/** What the words of the zones mean. */
export const MEANINGS = {
  stalls: "too small: hardly moves within these steps",
  learns: "goes down without crossing the valley",
  overshoots: "steps land across the valley, and the loss still falls",
  bounces: "circles the floor without coming to rest",
  diverges: "the loss grows without end",
};

const LABELLED = 20; // percent of the ruler from which a zone has room for its name

/** Where a rate lies between two, on a log scale, in percent of the ruler's width. */
export const percent = (rate, low, high) => (100 * Math.log(rate / low)) / Math.log(high / low);

export class Ruler {
  old = false;
  shown = null; // what the server said last

  constructor() {
    this.zones = html("div", { class: "lab-zones", "aria-hidden": "true" });
    this.marks = html("div", { class: "lab-marks", "aria-hidden": "true" });
    this.legend = html("p", { class: "lab-legend", "aria-hidden": "true" });
    this.words = html("p", { class: "lab-ruler-words" });
    this.aloud = html("p", { class: "lab-unseen", id: freshId("ruler") });
    this.node = html("div", { class: "lab-ruler", hidden: true }, this.zones, this.marks, this.legend);
  }

  /** The rates that the slider must reach: the ruler's own, and the one that is set. */
  reach(rate) {
    const { low, high } = this.shown?.zones?.length ? this.shown : { low: 1e-6, high: 10 };
    const lowest = rate > 0 && rate < low ? rate / 2 : low;
    const highest = rate > high ? rate * 2 : high;
    return [lowest, highest];
  }

  /** ruler: {low, high, limit, fastest, zones: [{from, to, outcome}], words}, or null while there is none. */
  take(ruler) {
    this.shown = ruler;
    this.node.hidden = !ruler?.zones?.length;
  }

  /** The zones from low to high: below all that was tried it stalls all the more, above it diverges all the more. */
  #zones(low, high) {
    const zones = this.shown.zones.map((zone) => ({ ...zone }));
    const last = zones.at(-1);
    if (zones[0].outcome === "stalls") zones[0].from = Math.min(low, zones[0].from);
    if (last.outcome === "diverges") last.to = Math.max(high, last.to);
    return zones;
  }

  /** Draw it along a slider that reaches from low to high. */
  draw(low, high) {
    const ruler = this.shown;
    if (!ruler?.zones?.length) return;
    const place = (rate) => Math.min(100, Math.max(0, percent(rate, low, high)));
    const narrow = new Set();
    const stretch = ({ from, to, outcome }) => {
      const [left, right] = [place(from), place(to)];
      const named = right - left >= LABELLED;
      if (!named && right > left) narrow.add(outcome);
      const title = `${outcome}: ${MEANINGS[outcome] ?? ""} (${shown(from, 3)} to ${shown(to, 3)})`;
      const zone = html(
        "span",
        { class: "lab-zone", "data-outcome": outcome, title },
        named ? html("span", {}, outcome) : null,
      );
      zone.style.left = `${left}%`;
      zone.style.width = `${right - left}%`;
      return zone;
    };
    this.zones.replaceChildren(...this.#zones(low, high).map(stretch));
    const named = [
      ["fastest", ruler.fastest],
      ["limit", ruler.limit],
    ];
    const inside = ([, rate]) => Number.isFinite(rate) && rate !== null && rate >= low && rate <= high;
    const mark = ([name, rate], row) => {
      const at = place(rate);
      const text = html("span", { class: at > 50 ? "lab-mark-left" : "" }, `${name} ${shown(rate, 3)}`);
      const node = html("span", { class: "lab-mark", "data-mark": name, "data-row": row }, text);
      node.style.left = `${at}%`;
      return node;
    };
    this.marks.replaceChildren(...named.filter(inside).map(mark));
    const key = (outcome) => html("span", {}, html("span", { class: "lab-zone", "data-outcome": outcome }), outcome);
    this.legend.replaceChildren(...[...narrow].map(key));
    const told = ruler.zones.map(({ from, to, outcome }) => `${shown(from, 3)} to ${shown(to, 3)} ${outcome}`);
    say(this.aloud, `For these data: ${told.join(", ")}.`);
  }

  /** Say that the ruler is not one for what is set; it stays, pale, while a new one is measured. */
  outdate(old, measuring) {
    this.old = old;
    this.node.classList.toggle("lab-old", old);
    const text = this.shown?.words ?? "";
    say(this.words, !old ? text : measuring && this.shown ? "measuring what each rate leads to now…" : "");
  }

  /** What becomes of a rate: "learns", or "" where the ruler does not say. */
  outcome(rate) {
    if (this.old || !this.shown?.zones?.length) return "";
    const zone = this.#zones(0, Infinity).find(({ from, to }) => rate >= from && rate <= to);
    return zone?.outcome ?? "";
  }
}
