// A scene as a picture that follows the steps: what every page and notebook shows.

import { axesKey, drawAxes } from "./axes.js";
import { drawLabels, isSymbol, legendOf } from "./labels.js";
import { drawMark, pointStyle } from "./marks.js";
import { html, say, svg } from "./nodes.js";
import { colour, look, symbol } from "./theme.js";
import { shown } from "./values.js";

const LOW = 130; // height of a picture without heights, such as a gauge

let pictures = 0;

/**
 * Draw a scene: {node, svg, last, at(step), update(scene), resize(size), scene}.
 * `node` is a figure; at(step) shows the picture as it was after so many steps; update(scene) draws another scene in
 * the same place and keeps what is equal; `last` is the last step at which something changes, 0 if nothing does.
 */
export function drawScene(scene, { width = 480, height = 300 } = {}) {
  const number = ++pictures;
  const clip = svg("rect");
  const parts = { axes: svg("g"), marks: svg("g"), labels: svg("g") };
  const root = svg("svg", { role: "img", class: "ds-plot" },
    svg("clipPath", { id: `ds-clip-${number}` }, clip), parts.axes, parts.marks, parts.labels);
  const title = html("figcaption", { class: "ds-title" });
  const legend = html("ul", { class: "ds-legend", "aria-label": "what the marks mean" });
  const notes = html("div", { class: "ds-notes" });
  const picture = {
    node: html("figure", { class: "ds-picture" }, title, legend, root, notes),
    svg: root,
    scene: null,
    last: 0,
    at,
    update,
    resize: (size) => {
      ({ width = width, height = height } = size);
      update(picture.scene);
    },
  };
  let axes = null;
  let key = "";
  let drawn = [];
  let moving = [];
  let shownStep = Infinity;
  let listed = "";
  let entries = []; // of the legend

  function update(next) {
    const tall = next.y.label ? height : Math.min(height, LOW);
    const nextKey = axesKey(next, width, tall);
    if (nextKey !== key) {
      key = nextKey;
      axes = drawAxes(next, width, tall);
      parts.axes.replaceChildren(axes.node);
      const { left, top, right, bottom } = axes.frame;
      for (const [name, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) {
        clip.setAttribute(name, value);
      }
      root.setAttribute("viewBox", `0 0 ${width} ${tall}`);
      root.setAttribute("width", width);
      root.setAttribute("height", tall);
    }
    picture.scene = next;
    drawn = next.marks.map((mark, i) => drawMark(mark, axes, drawn[i]));
    moving = drawn.filter((mark) => mark.at);
    picture.last = Math.max(0, ...moving.map(({ steps }) => (steps.length ? steps[steps.length - 1] : 0)));
    next.marks.forEach((mark, i) => {
      if (mark.kind !== "points") drawn[i].node.setAttribute("clip-path", `url(#ds-clip-${number})`);
    });
    parts.marks.replaceChildren(...drawn.map((mark) => mark.node));
    const { node, placed } = drawLabels(next.marks, axes);
    parts.labels.replaceChildren(...node.childNodes);
    say(title, next.title);
    list(legendOf(next.marks, placed));
    if (notes.dataset.text !== next.notes.join("\n")) {
      notes.dataset.text = next.notes.join("\n");
      notes.replaceChildren(...next.notes.map((note) => html("p", {}, note)));
    }
    at(shownStep);
  }

  function list(marks) {
    const names = JSON.stringify(marks.map((mark) => [mark.role, mark.name, mark.kind, Boolean(mark.step)]));
    if (names === listed) return;
    listed = names;
    legend.hidden = marks.length < 2 && marks.every((mark) => mark.kind === "line");
    entries = marks.map((mark) => ({ mark, node: html("span") }));
    legend.replaceChildren(...entries.map(({ mark, node }) => html("li", {}, swatch(mark), node)));
  }

  function at(step) {
    shownStep = step;
    for (const mark of moving) mark.at(step);
    for (const { mark, node } of entries) say(node, nameOf(mark, step >= picture.last));
    const label = described(picture.scene, drawn, step, picture.last);
    if (root.getAttribute("aria-label") !== label) root.setAttribute("aria-label", label);
  }

  update(scene);
  return picture;
}

/** What the legend calls a mark; where a descent stands is its end at the last step only. */
function nameOf({ kind, role, step, name }, isLast) {
  return kind === "points" && role === "end" && step && !isLast ? "now" : name;
}

/** The picture in words: its title, what is on its axes, and where it stands. */
function described(scene, drawn, step, last) {
  const said = [`${scene.title}.`, `Across: ${scene.x.label}. Up: ${scene.y.label}.`];
  const stands = drawn.findLastIndex((mark) => mark.where);
  const point = stands >= 0 ? drawn[stands].where(step) : null;
  if (point?.every(Number.isFinite)) { // not where it stands out of view
    const when = Number.isFinite(step) && step < last ? `At step ${step}` : "At the end";
    said.push(`${when}: ${scene.x.label} ${shown(point[0])}, ${scene.y.label} ${shown(point[1])}.`);
  }
  return [...said, ...scene.notes.map((note) => `${note}.`)].join(" ");
}

function swatch(mark) {
  const style = look(mark.role);
  const box = svg("svg", { width: 26, height: 14, viewBox: "-13 -7 26 14", "aria-hidden": "true" });
  if (isSymbol(mark)) {
    const size = Math.min(5.5, Math.max(3.5, style.size ?? 4));
    box.append(svg("path", { d: `M0,0${symbol(style.symbol, size)}`, style: pointStyle(mark.role, style) }));
  } else if (mark.kind === "band" || mark.kind === "zone" || mark.kind === "bars") {
    const fill = colour(mark.role === "band" ? "fit" : mark.role);
    const dash = style.dash && mark.kind === "bars" ? `stroke-dasharray:${style.dash};` : "";
    const opacity = mark.kind === "bars" ? style.opacity : 2 * (style.shade ?? 0.14);
    box.append(svg("path", { d: "M-11,-5h22v10h-22z", style: `fill:${fill};fill-opacity:${opacity};stroke:${fill};${dash}` }));
  } else {
    const dash = style.dash ? `stroke-dasharray:${style.dash};` : "";
    box.append(svg("path", { d: "M-12,0h24", style: `fill:none;stroke:${colour(mark.role)};stroke-width:${style.width};${dash}` }));
  }
  return box;
}
