// Where each parameter starts; in by-hand mode the parameters themselves, moved by a person who watches the loss.
import { html, say } from "../nodes.js";
import { reachFor, Slider } from "./slider.js";

const MOST = 24; // sliders; models with more parameters are set through their formula

export class Starts {
  #names = [];
  #sliders = new Map();
  #reaches = new Map();

  constructor(onChange) {
    this.onChange = onChange;
    this.title = html("h2", {}, "Start values");
    this.list = html("div", { class: "lab-starts" });
    this.note = html("p", { class: "lab-about" });
    this.fault = html("p", { class: "lab-error", hidden: true });
    this.panel = html("div", { class: "lab-start-panel", hidden: true }, this.title, this.list, this.note, this.fault);
    this.node = html("div", {}, this.panel);
    this.byHand = html("div", {});
  }

  /** The parameters of the newest picture: [{name, value, start}]. */
  take(parameters) {
    const names = parameters.map(({ name }) => name);
    if (names.join("\n") !== this.#names.join("\n")) {
      this.#names = names;
      this.#sliders.clear();
      this.#reaches.clear();
      for (const { name } of parameters.slice(0, MOST)) this.#sliders.set(name, this.#slider(name));
      this.list.replaceChildren(...[...this.#sliders.values()].map((slider) => slider.node));
      const more = names.length - this.#sliders.size;
      say(this.note, more > 0 ? `and ${more} more parameters` : "");
      this.panel.hidden = names.length === 0;
    }
    for (const { name, value, start, truth } of parameters.slice(0, MOST)) {
      const reach = reachFor(value, start, truth ?? 0);
      if (reach > (this.#reaches.get(name) ?? 0) && Number.isFinite(reach) && reach < 1e9)
        this.#reaches.set(name, reach);
    }
  }

  show(settings, byHand) {
    const home = byHand ? this.byHand : this.node;
    if (this.panel.parentNode !== home) home.append(this.panel);
    say(this.title, byHand ? "Parameters, moved by you" : "Start values");
    for (const [name, slider] of this.#sliders) {
      const text = settings[`start.${name}`];
      const reach = Math.max(this.#reaches.get(name) ?? 2, reachFor(Number(text)) / 2);
      slider.reach(-reach, reach);
      slider.show(text);
    }
  }

  blame(text) {
    say(this.fault, text);
    this.fault.hidden = text === "";
  }

  #slider(name) {
    return new Slider({
      name: `start.${name}`,
      label: name,
      hint: `Where ${name} starts, in the units of your data`,
      low: -2,
      high: 2,
      onValue: (text, sliding) => this.onChange({ [`start.${name}`]: text }, sliding),
    });
  }
}
