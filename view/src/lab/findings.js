// Findings in words, each with what can be done about it; and what a repair changed, with the way back.
import { html, say } from "../nodes.js";
import { findingList } from "../tables.js";
import { button } from "./dom.js";

export class Findings {
  /** name: of the slot; onRepair(), onUndo(): the two buttons; seek(step): goes to where a finding begins. */
  constructor(name, { onRepair, onUndo, seek }) {
    this.list = findingList(seek);
    this.repair = button("Repair", "Let downslope find the smallest change that cures it, and show it", onRepair, {
      class: "lab-main",
      "data-act": "repair",
      hidden: true,
    });
    this.list.node.append(this.repair);
    this.reason = html("p", {});
    this.changes = html("ul", { class: "lab-changes" });
    this.python = html("code", {});
    this.undo = button("Undo", "Back to the settings before the repair", onUndo, { "data-act": "undo" });
    const line = html(
      "pre",
      {
        class: "lab-python-line",
        tabindex: "0",
        role: "region",
        "aria-label": `the repair of setting ${name} in Python`,
      },
      this.python,
    );
    this.repaired = html(
      "section",
      { class: "lab-repaired", hidden: true, "aria-label": `repaired, setting ${name}` },
      html("h2", {}, "Repaired"),
      this.reason,
      this.changes,
      line,
      this.undo,
    );
    this.node = html("div", { class: "lab-findings" }, this.repaired, this.list.node);
  }

  /** findings: [{symptom, severity, first_step, message, remedy}] */
  show(findings) {
    this.list.show(findings);
    this.repair.hidden = !findings.some(({ remedy }) => remedy);
  }

  /** {changes: [{name, before, after}], reason, python} or null */
  showRepair(repair) {
    this.repaired.hidden = repair === null;
    if (repair === null) return;
    say(this.reason, repair.reason ?? "");
    const line = ({ name, before, after }) =>
      html(
        "li",
        {},
        html("b", {}, String(name)),
        ": ",
        html("s", {}, told(before)),
        " → ",
        html("ins", {}, told(after)),
      );
    const changes = repair.changes ?? [];
    this.changes.replaceChildren(
      ...(changes.length ? changes.map(line) : [html("li", {}, "nothing had to be changed")]),
    );
    say(this.python, repair.python ?? "");
    this.python.parentNode.hidden = !repair.python;
  }
}

const told = (value) => (value === null || value === undefined || value === "" ? "not set" : String(value));
