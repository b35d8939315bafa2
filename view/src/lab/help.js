// Help: what the lab is for, and its keys. Single keys can be switched off.
import { html } from "../nodes.js";
import { button } from "./dom.js";

const KEYS = [
  ["d", "descend: take all the steps and watch"],
  ["s", "one step more"],
  ["c", "continue 200 more"],
  ["r", "reset: back to the start"],
  ["h", "by hand: move the parameters yourself"],
  ["Space", "play or pause"],
  ["b", "compare two settings side by side, or stop"],
  ["?", "this help"],
  ["← → ↑ ↓", "move a slider by a little; Page Up and Page Down by much"],
];
const REMEMBERED = "downslope-keys";

export class Help {
  constructor() {
    this.on = html("input", { type: "checkbox", id: "lab-keys", onchange: () => remember(this.on.checked) });
    this.on.checked = remembered();
    const row = ([key, text]) => html("div", {}, html("dt", {}, html("kbd", {}, key)), html("dd", {}, text));
    this.node = html(
      "dialog",
      { class: "lab-dialog", "aria-label": "Help" },
      html("h2", {}, "Help"),
      html(
        "p",
        {},
        "Gradient descent starts somewhere and goes downhill, step by step, until the formula fits the data. Choose " +
          "data, move the learning rate, and watch: the colours under the slider say what each rate leads to.",
      ),
      html(
        "p",
        {},
        "The address of the page holds all settings: send it, and the same picture opens. " +
          "A file of your own stays on this machine; who opens the link must drop it again.",
      ),
      html("h2", {}, "Keys"),
      html("dl", { class: "lab-keys" }, ...KEYS.map(row)),
      html("p", {}, this.on, html("label", { for: "lab-keys" }, " single keys are on (never while typing)")),
      html(
        "p",
        {},
        "While the player has the focus: Space plays and pauses, arrows step, " +
          "Shift and an arrow take ten, + and − change the speed.",
      ),
      button("Close", "Back to the lab (Esc)", () => this.node.close()),
    );
  }
}

/** The key that was meant as a shortcut, or "" while somebody types or a dialog is open. */
export function shortcut(event, help) {
  const target = event.composedPath?.()[0] ?? event.target;
  const typing = target.matches?.("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return "";
  if (document.querySelector("dialog[open]")) return "";
  return event.key === "?" || help.on.checked ? event.key : "";
}

function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) !== "off";
  } catch {
    return true; // a browser that keeps nothing
  }
}

function remember(on) {
  try {
    localStorage.setItem(REMEMBERED, on ? "on" : "off");
  } catch {
    // a browser that keeps nothing: the choice holds for this page
  }
}
