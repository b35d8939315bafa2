// One run on a page: its formula and state, the sentence that follows the steps, its pictures, parameters and findings.

import { drawScene } from "./draw.js";
import { savePng } from "./download.js";
import { formulaNode } from "./formula.js";
import { historyOf } from "./history.js";
import { html, say } from "./nodes.js";
import { findingList, parameterTable } from "./tables.js";
import { grouped, shown } from "./values.js";

const STATES = { certified: "✓", usable: "≈", untrusted: "✗" };
const TONES = { plain: ["·", ""], good: ["✓", "good"], warning: ["!", "warning"], fault: ["✗", "fault"] };
const QUIET = 500; // ms without a step until the sentence is read aloud

/**
 * Mount a view value: {show(view), at(step), step, last, steps, view, pictures, destroy()}.
 * show(view, step) draws another value as it was at a step (the last), and keeps what is equal; at(step) shows how things stood after so many steps.
 * @param options header: whether title, formula and state are shown (true); tables: parameters and findings (true);
 *   save: whether pictures have a button that saves them (true); seek(step): called when a reader asks for a step.
 */
export function mountView(element, view, options = {}) {
  const { header = true, tables = true, save = true, seek = null } = options;
  const head = { title: html("h1"), formula: html("p", { class: "ds-formula", tabindex: "0", role: "group", "aria-label": "formula" }), source: html("p", { class: "ds-source" }) };
  const state = { badge: html("strong", { class: "ds-badge" }), text: html("span"), reasons: html("ul", { class: "ds-reasons" }) };
  const verdict = { sign: html("span", { class: "ds-sign", "aria-hidden": "true" }), text: html("span") };
  const sentence = html("p", { class: "ds-verdict" }, verdict.sign, verdict.text);
  const aloud = html("p", { class: "ds-aloud", role: "status", "aria-live": "polite" });
  const panels = html("div", { class: "ds-panels" });
  const notes = html("div", { class: "ds-notes" });
  const parameters = parameterTable();
  const findings = findingList(seek ?? ((step) => mounted.at(step)));
  const root = html("div", { class: "ds ds-view" },
    header ? html("header", { class: "ds-head" }, head.title, head.formula, head.source,
      html("p", { class: "ds-state" }, state.badge, " ", state.text), state.reasons) : null,
    sentence, aloud, panels,
    tables ? html("div", { class: "ds-beside" }, parameters.node, findings.node) : null, notes);
  element.append(root);

  const pictures = new Map(); // name -> picture
  let history = null;
  let formula = null;
  let waiting = 0;
  const mounted = { show, at, step: 0, last: 0, steps: [], view: null, pictures, destroy };
  const observer = new ResizeObserver(() => fit());
  observer.observe(panels);

  function show(next, step = next.last) {
    mounted.view = next;
    history = historyOf(next);
    mounted.last = history.last;
    mounted.steps = history.steps;
    if (header) showHead(next);
    showPanels(next.panels);
    if (tables) {
      parameters.show(next, history);
      findings.show(next.findings ?? []);
    }
    if (notes.dataset.text !== next.notes?.join("\n")) {
      notes.dataset.text = next.notes?.join("\n") ?? "";
      notes.replaceChildren(...(next.notes ?? []).map((note) => html("p", {}, note)));
    }
    at(step ?? history.last);
  }

  function showHead(next) {
    say(head.title, next.title);
    if (formula !== JSON.stringify([next.mathml, next.model])) {
      formula = JSON.stringify([next.mathml, next.model]);
      head.formula.replaceChildren(formulaNode(next.mathml, next.model));
    }
    say(head.source, [next.source, next.rows ? `${grouped(next.rows)} row${next.rows === 1 ? "" : "s"}` : ""].filter(Boolean).join(" · "));
    say(state.badge, `${STATES[next.state] ?? ""} ${next.state}`);
    root.dataset.state = next.state;
    say(state.text, next.state_text ?? "");
    state.reasons.replaceChildren(...(next.reasons ?? []).map((reason) => html("li", {}, reason)));
  }

  function showPanels(scenes) {
    const names = scenes.map(({ name }) => name);
    for (const [name, picture] of pictures) {
      if (names.includes(name)) continue;
      picture.holder.remove();
      pictures.delete(name);
    }
    for (const scene of scenes) {
      const known = pictures.get(scene.name);
      if (known) known.update(scene);
      else pictures.set(scene.name, framed(scene));
    }
    const holders = names.map((name) => pictures.get(name).holder);
    if (holders.some((holder, i) => panels.children[i] !== holder)) panels.replaceChildren(...holders);
  }

  function framed(scene) {
    const holder = html("div", { class: "ds-panel", "data-panel": scene.name });
    panels.append(holder);
    const picture = drawScene(scene, sizeIn(holder));
    picture.holder = holder;
    holder.append(picture.node);
    if (save) {
      const failed = html("p", { class: "ds-failed", role: "alert" });
      const label = `Save the picture ${scene.name} as PNG`;
      holder.append(html("button", { type: "button", class: "ds-save", "aria-label": label, title: label,
        onclick: () => savePng(picture, `${scene.name}.png`).then(() => say(failed, ""), ({ message }) => say(failed, `Not saved: ${message}.`)) }, "PNG"), failed);
    }
    return picture;
  }

  function fit() {
    for (const picture of pictures.values()) {
      const size = sizeIn(picture.holder);
      if (Number(picture.svg.getAttribute("width")) !== size.width) picture.resize(size);
    }
  }

  function at(step) {
    mounted.step = step;
    for (const picture of pictures.values()) picture.at(step);
    if (tables) parameters.at(step);
    const { tone, text } = verdictAt(mounted.view.verdicts ?? [], step);
    const [sign, word] = TONES[tone] ?? TONES.plain;
    const loss = history.loss(step);
    const where = `Step ${grouped(step)} of ${grouped(history.last)}${loss === null ? "" : `, loss ${shown(loss)}`}`;
    if (sentence.dataset.tone !== tone) sentence.dataset.tone = tone;
    say(verdict.sign, sign);
    say(verdict.text, `${where}${text ? `: ${text}` : "."}`);
    clearTimeout(waiting);
    waiting = setTimeout(() => say(aloud, `${word ? `${word}: ` : ""}${verdict.text.textContent}`), QUIET);
  }

  function destroy() {
    clearTimeout(waiting);
    observer.disconnect();
    root.remove();
  }

  show(view);
  return mounted;
}

/** The sentence that holds at a step: that of the latest verdict. */
function verdictAt(verdicts, step) {
  let holds = { tone: "plain", text: "" };
  for (const verdict of verdicts) if (verdict.step <= step) holds = verdict;
  return holds;
}

/** How large a picture is in its place: as wide as that, and lower than wide. */
export function sizeIn(holder) {
  const style = getComputedStyle(holder);
  const inner = holder.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const width = Math.max(240, Math.floor(inner || 480));
  return { width, height: Math.round(Math.min(340, Math.max(230, 0.66 * width))) };
}
