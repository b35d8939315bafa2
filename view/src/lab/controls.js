// The controls of one slot: every setting as a field, the ruler under the rate, the buttons of the descent.
import { html, say } from "../nodes.js";
import { shown } from "../values.js";
import { button } from "./dom.js";
import { Select, Switch, TextField } from "./fields.js";
import { FormulaBox } from "./formula.js";
import { Ruler } from "./ruler.js";
import {
  choice,
  differences,
  hasEnd,
  hasMomentum,
  hasRate,
  momentumOf,
  rulerKey,
  SPOKEN,
  withoutLostStarts,
} from "./settings.js";
import { Slider } from "./slider.js";
import { Source } from "./source.js";
import { Starts } from "./starts.js";

const HINTS = {
  learning_rate:
    "How far one step goes along the slope. Too small stalls, too large flies off; below, what each leads to for " +
    "this data. A decay such as cosine(0.1) can be typed.",
  steps: "How many steps to take, exactly so many.",
  optimizer:
    "How a step is made of the slope. gd is plain gradient descent; auto lets downslope find the minimum its own way.",
  momentum: "How much of the last step is kept in the next one, 0 to below 1.",
  batch_size: "Rows in each step, drawn without replacement; empty: all rows.",
  loss: "What a wrong prediction costs: mse squares the difference, mae takes its size; huber lies between.",
  scale: "Bring the columns to about -1..1 inside; the answer stays in your units. The remedy for a ravine.",
  seed: "Another seed draws other batches.",
};

const SPREAD = "this rate is spread over all the steps, so with more of them each is another";

export class Controls {
  #settings = {};
  #rulerFor = "";

  /**
   * app: see App; onChange(changes, sliding), onData(settings): what was set; act: the buttons, by name; beside: what
   * stands with the parameters and what stands under the buttons, {hand, findings}.
   */
  constructor(app, { onChange, onData, act, check, beside }) {
    const set =
      (name) =>
      (text, sliding = false) =>
        onChange({ [name]: text }, sliding);
    const slider = (name, scale, low, high, more = {}) =>
      new Slider({
        name,
        label: capital(SPOKEN[name] ?? name),
        hint: HINTS[name],
        scale,
        low,
        high,
        onValue: set(name),
        ...more,
      });
    this.app = app;
    this.ruler = new Ruler();
    this.source = new Source(app, { onData, onMade: onChange });
    this.formula = new FormulaBox({
      check: (text, seq) => check(text, seq),
      onFormula: (formula) => {
        const lost = Object.keys(this.#settings).filter(
          (name) => !(name in withoutLostStarts(this.#settings, formula)),
        );
        onChange({ ...Object.fromEntries(lost.map((name) => [name, ""])), formula }, false);
      },
    });
    this.rate = slider("learning_rate", "log", 1e-6, 10, { words: true, valueText: (text) => this.#rateSpoken(text) });
    this.rate.under.append(this.ruler.node);
    this.rateWords = html("p", { class: "lab-rate-words" });
    this.rate.node.append(this.rateWords, this.ruler.words, this.ruler.aloud);
    this.rate.track.setAttribute("aria-describedby", this.ruler.aloud.id);
    this.steps = slider("steps", "count", 0, 10000);
    this.momentum = slider("momentum", "linear", 0, 0.999, {
      onValue: (text, sliding) => onChange({ optimizer: `${choice(this.#settings.optimizer).name}(${text})` }, sliding),
    });
    this.rule = new Select("optimizer", "Rule", HINTS.optimizer, (value) => onChange(this.#ruleChanged(value), false));
    this.loss = new Select("loss", "Loss", HINTS.loss, set("loss"));
    this.batch = slider("batch_size", "whole", 1, 100, {
      valueText: (text) => (text === "not set" ? "all rows" : text),
    });
    this.seed = new TextField("seed", "Seed", HINTS.seed, set("seed"));
    this.scale = new Switch("scale", "Scale the columns", HINTS.scale, (on) =>
      onChange({ scale: on ? "columns" : "none" }, false),
    );
    this.starts = new Starts(onChange);
    this.fields = {
      data: this.source,
      formula: this.formula,
      learning_rate: this.rate,
      steps: this.steps,
      optimizer: this.rule,
      loss: this.loss,
      batch_size: this.batch,
      seed: this.seed,
      scale: this.scale,
      ...this.source.made.fields,
    };
    this.buttons = {
      descend: button("Descend", "Take all the steps and watch (d)", act.descend, {
        class: "lab-main",
        "data-act": "descend",
      }),
      step: button("Step", "One step more (s)", act.step, { "data-act": "step" }),
      more: button("Continue 200 more", "200 steps more (c)", act.more, { "data-act": "more" }),
      reset: button("Reset", "Back to the start: no steps (r)", act.reset, { "data-act": "reset" }),
      hand: button("By hand", "Move the parameters yourself and watch the loss (h)", act.hand, {
        "aria-pressed": "false",
        "data-act": "hand",
      }),
    };
    this.about = html("p", { class: "lab-differs-words", hidden: true });
    this.blocks = {
      data: block("Data and formula", this.source.node, this.formula.node),
      made: block("How the data are made", this.source.made.node),
      more: block(
        "More settings",
        this.steps.node,
        this.rule.node,
        this.momentum.node,
        this.loss.node,
        this.scale.node,
        this.batch.node,
        this.seed.node,
        this.starts.node,
      ),
    };
    this.blocks.made.open = false;
    const acts = html(
      "div",
      { class: "lab-row lab-acts", role: "group", "aria-label": "descent" },
      ...Object.values(this.buttons),
    );
    const quick = html("div", { class: "lab-block lab-quick" }, this.rate.node, this.starts.byHand, beside.hand, acts);
    const { data, made, more } = this.blocks;
    this.node = html("div", { class: "lab-controls" }, this.about, data, quick, beside.findings, made, more);
  }

  /** Close the longer blocks, or open them. */
  fold(folded) {
    this.blocks.data.open = this.blocks.more.open = !folded;
  }

  /** Show the settings. other: those of the other slot, to mark what differs, or null. */
  show(settings, other) {
    this.#settings = settings;
    const byHand = Boolean(settings.by_hand);
    const known = this.app.hello ?? { optimizers: [], losses: [] };
    this.source.show(settings);
    this.blocks.made.hidden = !("n" in settings);
    this.formula.show(settings.formula);
    this.#showRate(settings);
    this.steps.reach(0, Math.max(10000, 2 * Number(settings.steps) || 0));
    this.steps.show(settings.steps);
    this.steps.enable(hasRate(settings));
    const rule = choice(settings.optimizer);
    this.rule.choices(rulesOf(known.optimizers, settings.optimizer));
    this.rule.show(hasMomentum(settings) ? rule.name : (settings.optimizer ?? ""));
    this.momentum.node.hidden = !hasMomentum(settings);
    this.momentum.show(momentumOf(settings));
    this.loss.choices(withOwn(known.losses, settings.loss));
    this.loss.show(settings.loss ?? "");
    this.batch.reach(1, Math.max(2, this.source.rowsOf(settings), Number(settings.batch_size) || 0));
    this.batch.show(settings.batch_size);
    if (!settings.batch_size) this.batch.track.value = this.batch.track.max; // all rows
    this.seed.show(settings.seed);
    this.scale.show(settings.scale === "columns");
    this.starts.show(settings, byHand);
    this.buttons.hand.setAttribute("aria-pressed", String(byHand));
    say(this.buttons.descend, byHand ? "Descend from here" : "Descend");
    say(this.buttons.more, hasEnd(settings) ? "Anew with 200 more" : "Continue 200 more");
    this.buttons.step.title = hasEnd(settings) ? `One step more, anew: ${SPREAD} (s)` : "One step more (s)";
    this.buttons.more.title = hasEnd(settings) ? `200 steps more, anew: ${SPREAD} (c)` : "200 steps more (c)";
    for (const name of ["step", "more", "reset"]) this.buttons[name].disabled = byHand || !hasRate(settings);
    this.#mark(other);
  }

  takeRuler(ruler, key) {
    this.ruler.take(ruler);
    this.#rulerFor = key;
    this.#showRate(this.#settings);
  }

  /** An error about a field stands at the field; true if the field is known. */
  blame({ field, message, start, end }) {
    if (this.#rulerFor !== rulerKey(this.#settings)) this.ruler.outdate(true, false); // none is measured after an error
    const at = field?.startsWith("start.") || field === "start" ? this.starts : this.fields[field];
    if (at === undefined) return false;
    if (at === this.formula) this.formula.blame({ message, start, end });
    else at.blame(message);
    return true;
  }

  /** Nothing is wrong any more. */
  clear() {
    for (const field of Object.values(this.fields)) field.blame(field === this.formula ? null : "");
    this.starts.blame("");
  }

  #showRate(settings) {
    const rate = Number(settings.learning_rate);
    this.rate.reach(...this.ruler.reach(rate));
    this.ruler.draw(this.rate.low, this.rate.high);
    this.rate.enable(hasRate(settings));
    this.ruler.outdate(!hasRate(settings) || this.#rulerFor !== rulerKey(settings), hasRate(settings));
    this.rate.show(settings.learning_rate);
    const outcome = hasRate(settings) && rate > 0 ? this.ruler.outcome(rate) : "";
    const own = `${choice(settings.optimizer).name} finds its own way: no rate to set`;
    say(this.rateWords, !hasRate(settings) ? own : outcome && `at ${shown(rate)}: ${outcome}`);
    this.rateWords.dataset.outcome = outcome;
  }

  #rateSpoken(text) {
    const outcome = this.ruler.outcome(Number(text));
    return outcome ? `${text}, ${outcome}` : text;
  }

  /** A rule that finds its own way takes no rate and no steps; one that does not gets the last ones back. */
  #ruleChanged(value) {
    const { learning_rate: rate, steps } = this.#settings;
    const momentum = ["momentum", "nesterov"].includes(value);
    const optimizer = momentum ? `${value}(${momentumOf(this.#settings)})` : value;
    if (!hasRate({ optimizer: value })) {
      this.kept = { learning_rate: rate, steps };
      return { optimizer, learning_rate: undefined, steps: undefined };
    }
    return hasRate(this.#settings) ? { optimizer } : { ...this.kept, optimizer };
  }

  #mark(other) {
    const names = other === null ? [] : differences(this.#settings, other);
    const fields = new Set(names.flatMap((name) => (name === "optimizer" ? [name, "momentum"] : [name])));
    for (const node of this.node.querySelectorAll("[data-field]")) {
      node.classList.toggle("lab-differs", fields.has(node.dataset.field));
    }
    for (const node of Object.values(this.blocks))
      node.classList.toggle("lab-differs-inside", node.querySelector(".lab-differs") !== null);
    this.about.hidden = other === null;
    const spoken = names.map((name) => SPOKEN[name] ?? name);
    say(this.about, spoken.length ? `≠ Differs from the other in: ${spoken.join(", ")}` : "Both are set the same");
  }
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** Rules by name; those with momentum have it in a slider of its own. */
function rulesOf(optimizers, current) {
  const bare = (text) => (["momentum", "nesterov"].includes(choice(text).name) ? choice(text).name : text);
  return withOwn(optimizers.map(bare), current && bare(current));
}

const withOwn = (choices, current) => [...new Set(current ? [...choices, current] : choices)];

const block = (title, ...children) =>
  html(
    "details",
    { class: "lab-block", open: true },
    html("summary", {}, title),
    html("div", { class: "lab-fields" }, ...children),
  );
