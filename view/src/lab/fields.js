// Labelled fields that are no sliders: a box for words, a choice, a yes or no. Each can say what is wrong with it.
import { html, say } from "../nodes.js";
import { freshId } from "./dom.js";

/** A labelled box for words. */
export class TextField {
  constructor(name, label, hint, onText) {
    const [id, hintId, errorId] = ["text", "hint", "error"].map(freshId);
    this.box = html("input", {
      type: "text",
      id,
      spellcheck: "false",
      autocomplete: "off",
      "data-setting": name,
      "aria-describedby": `${hintId} ${errorId}`,
      onchange: () => onText(this.box.value.trim()),
    });
    this.fault = html("p", { class: "lab-error", id: errorId, hidden: true });
    this.node = html(
      "div",
      { class: "lab-field", "data-field": name },
      html("label", { for: id, title: hint }, label),
      this.box,
      html("p", { class: "lab-hint", id: hintId }, hint),
      this.fault,
    );
  }

  show(text = "") {
    if (document.activeElement !== this.box && this.box.value !== text) this.box.value = text;
  }

  blame(text) {
    say(this.fault, text);
    this.fault.hidden = text === "";
    if (text) this.box.setAttribute("aria-invalid", "true");
    else this.box.removeAttribute("aria-invalid");
  }
}

/** A labelled choice. */
export class Select {
  constructor(name, label, hint, onValue) {
    const [id, hintId, errorId] = ["select", "hint", "error"].map(freshId);
    this.select = html("select", {
      id,
      "data-setting": name,
      "aria-describedby": `${hintId} ${errorId}`,
      onchange: () => onValue(this.select.value),
    });
    this.fault = html("p", { class: "lab-error", id: errorId, hidden: true });
    this.node = html(
      "div",
      { class: "lab-field", "data-field": name },
      html("label", { for: id, title: hint }, label),
      this.select,
      html("p", { class: "lab-hint", id: hintId }, hint),
      this.fault,
    );
  }

  choices(values) {
    const key = values.join("\n");
    if (key === this.filled) return;
    this.filled = key;
    this.select.replaceChildren(...values.map((value) => html("option", { value }, value)));
  }

  show(value) {
    if (this.select.value !== value) this.select.value = value;
  }

  blame(text) {
    say(this.fault, text);
    this.fault.hidden = text === "";
  }
}

/** A labelled yes or no. */
export class Switch {
  constructor(name, label, hint, onValue) {
    const [id, hintId, errorId] = ["switch", "hint", "error"].map(freshId);
    this.box = html("input", {
      type: "checkbox",
      id,
      "data-setting": name,
      "aria-describedby": `${hintId} ${errorId}`,
      onchange: () => onValue(this.box.checked),
    });
    this.fault = html("p", { class: "lab-error", id: errorId, hidden: true });
    this.node = html(
      "div",
      { class: "lab-field lab-switch", "data-field": name },
      this.box,
      html("label", { for: id, title: hint }, label),
      html("p", { class: "lab-hint", id: hintId }, hint),
      this.fault,
    );
  }

  show(on) {
    this.box.checked = on;
  }

  blame(text) {
    say(this.fault, text);
    this.fault.hidden = text === "";
  }
}
