// What is said beside the pictures: the parameters at a step, and the findings with their remedies.

import { html, say } from "./nodes.js";
import { shown } from "./values.js";

const SEVERITIES = { fault: ["✗", "fault"], warning: ["!", "warning"], note: ["i", "note"] };

/** A table of the parameters: {node, show(view, history), at(step)}. */
export function parameterTable() {
  const body = html("tbody");
  const heading = html("th", { scope: "col" }, "now");
  const extra = html("th", { scope: "col" }, "true");
  const node = html("section", { class: "ds-parameters" },
    html("h2", {}, "Parameters"),
    html("div", { class: "ds-scroll", tabindex: "0", role: "region", "aria-label": "Parameters" },
      html("table", {},
        html("thead", {}, html("tr", {}, ...["parameter", heading, "at the end", "start", extra].map((cell) =>
          typeof cell === "string" ? html("th", { scope: "col" }, cell) : cell))),
        body)));
  let rows = [];
  let history = null;
  return {
    node,
    show(view, past) {
      history = past;
      const known = view.parameters.some(({ truth }) => truth != null);
      extra.hidden = !known;
      node.hidden = view.parameters.length === 0;
      if (rows.length !== view.parameters.length) {
        rows = view.parameters.map(() => ["now", "end", "start", "truth"].map(() => html("td")));
        body.replaceChildren(...rows.map((cells) => html("tr", {}, html("th", { scope: "row" }), ...cells)));
      }
      view.parameters.forEach((parameter, i) => {
        const [, end, start, truth] = rows[i];
        rows[i].parameter = parameter;
        say(body.rows[i].cells[0], parameter.name);
        say(end, parameter.text?.replace(/-/g, "−") ?? shown(parameter.value));
        say(start, shown(parameter.start));
        say(truth, parameter.truth == null ? "" : shown(parameter.truth));
        truth.hidden = !known;
      });
    },
    at(step) {
      for (const cells of rows) {
        const { name, value } = cells.parameter;
        say(cells[0], shown(history.parameter(name, step) ?? value, 5));
      }
    },
  };
}

/** The findings in words: {node, show(findings)}; `seek(step)` goes to where one begins. */
export function findingList(seek) {
  const list = html("ul");
  const node = html("section", { class: "ds-findings" }, html("h2", {}, "What was found"), list);
  let listed = "";
  return {
    node,
    show(findings) {
      node.hidden = !findings.length;
      if (JSON.stringify(findings) === listed) return;
      listed = JSON.stringify(findings);
      list.replaceChildren(...findings.map((finding) => {
        const [sign, word] = SEVERITIES[finding.severity] ?? ["i", finding.severity];
        const from = `from step ${finding.first_step}`;
        return html("li", { "data-tone": finding.severity },
          html("p", {},
            html("span", { class: "ds-sign", "aria-hidden": "true" }, sign),
            html("strong", {}, finding.symptom), ` (${word}, `,
            seek ? html("button", { type: "button", class: "ds-link", onclick: () => seek(finding.first_step) }, from) : from,
            `): ${finding.message}`),
          finding.remedy ? html("p", { class: "ds-remedy" }, "Try ", html("code", {}, finding.remedy)) : null);
      }));
    },
  };
}
