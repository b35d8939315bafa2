// The stage of a slot: its pictures with their player, the parameters, what goes on, and what went wrong.
import { historyOf } from "../history.js";
import { html, say } from "../nodes.js";
import { mountPlayer } from "../player.js";
import { parameterTable } from "../tables.js";
import { shown } from "../values.js";
import { mountView } from "../view.js";
import { button } from "./dom.js";
import { ExportMenu } from "./menu.js";

export class Stage {
  #mounted = null;
  #parameters = parameterTable();

  /** name: of the slot; onStop(): a long fit shall end; onExport(what): a file is wanted. */
  constructor(name, { onStop, onExport }) {
    this.name = name;
    this.view = null;
    this.player = null;
    this.menu = new ExportMenu({ onExport, python: () => this.view?.python ?? "" });
    this.failure = html("p", { class: "lab-error lab-failure", role: "status", hidden: true });
    this.progress = html("progress", { max: 1, "aria-label": "descent" });
    this.progressText = html("span", {});
    const stop = button("Stop", "Stop here and keep what was learned", onStop, { "data-act": "stop" });
    this.busy = html("div", { class: "lab-row lab-busy", hidden: true }, this.progress, this.progressText, stop);
    this.picture = html("div", { class: "lab-picture" });
    this.bar = html("div", { class: "ds-controls" });
    this.node = html(
      "div",
      { class: "lab-stage" },
      html("div", { class: "lab-tools" }, this.busy, this.menu.node),
      this.failure,
      this.picture,
      this.menu.dialog,
    );
  }

  /**
   * Draw a view at its last step, or play it from its first if nobody asked for less motion.
   * on: it takes the place of one of a sample: the pictures stay at their step, and play on.
   */
  show(view, { play = false, on = false } = {}) {
    const { playing, step } = this.player ?? {};
    this.#take(view);
    this.player.show(this.#mounted.steps, on ? step : undefined);
    const wanted = play && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (wanted || (on && playing)) this.player.play();
  }

  /** The same view, judged anew: the pictures stay at their step, and play on. */
  judge(view) {
    const { step } = this.#mounted;
    this.#take(view);
    this.#at(step);
  }

  fail(text) {
    say(this.failure, text);
    this.failure.hidden = text === "";
  }

  /** How far a long descent has come; without numbers, that it goes on. */
  work({ step, of, loss, what = "working…" }) {
    this.busy.hidden = false;
    if (of) this.progress.value = step / of;
    else this.progress.removeAttribute("value");
    const far = of && `step ${step.toLocaleString("en")} of ${of.toLocaleString("en")}, loss ${shown(loss)}`;
    say(this.progressText, far || what);
  }

  rest() {
    this.busy.hidden = true;
  }

  destroy() {
    this.player?.destroy();
    this.#mounted?.destroy();
  }

  #take(view) {
    this.view = view;
    if (this.#mounted === null) this.#mount(view);
    else this.#mounted.show(view);
    this.#parameters.show(view, historyOf(view));
    this.#parameters.at(this.#mounted.step);
  }

  #mount(view) {
    this.#parameters.node.querySelector(".ds-scroll").setAttribute("aria-label", `Parameters of setting ${this.name}`);
    this.#mounted = mountView(this.picture, view, { tables: false });
    this.picture.querySelector(".ds-panels").before(this.bar);
    this.picture.querySelector(".ds-panels").after(html("div", { class: "ds-beside" }, this.#parameters.node));
    const at = (step) => step === this.#mounted.step || this.#at(step);
    this.player = mountPlayer(this.bar, { steps: this.#mounted.steps, at, keys: this.picture, help: false });
  }

  #at(step) {
    this.#mounted.at(step);
    this.#parameters.at(step);
  }
}
