// The two axes of a picture: its window, its numbers, its grid, and where a value lies between them.

import { svg, wrapped } from "./nodes.js";
import { LETTER, place, ticksOf } from "./ticks.js";
import { shrunk } from "./values.js";

const FAR = 20; // so many pictures outside the frame a line is as good as gone; more breaks SVG
const LINE = 16; // height of a line of text

/** Axes for a scene in so many pixels: {node, frame, x(value), y(value)}; positions are NaN where there is none. */
export function drawAxes(scene, width, height) {
  const upLabel = labelLines(scene.y, Math.floor((width - 8) / LETTER));
  const top = 10 + LINE * upLabel.length;
  const windows = { x: windowOf(scene.x), y: windowOf(scene.y) };
  const downTicks = (bottom) => ticksOf(scene.y, ...windows.y, height - top - bottom, true);
  const longest = Math.max(1, ...downTicks(40).map(({ text }) => text.length));
  const left = Math.min(Math.round(0.4 * width), Math.ceil(longest * LETTER) + 14);
  const overhang = (room) => (room > 0 ? beyond(ticksOf(scene.x, ...windows.x, room, false), scene.x.scale, windows.x, room) : 0);
  const right = Math.max(14, overhang(width - left - 14));
  const across = ticksOf(scene.x, ...windows.x, width - left - right, false);
  const acrossLabel = labelLines(scene.x, Math.floor((width - left - right) / LETTER));
  const turned = scene.x.ticks.length > 0 && crowded(across, width - left - right, windows.x);
  const tickRoom = turned ? 12 + LETTER * 0.66 * Math.max(...across.map(({ text }) => text.length)) : 20;
  const bottom = Math.ceil(tickRoom + 6 + LINE * acrossLabel.length);
  const up = downTicks(bottom);
  const frame = { left, top, right: width - right, bottom: height - bottom, width, height };
  const words = (lines, x, y, anchor) =>
    lines.map((line, i) => svg("text", { x, y: y + LINE * i, "text-anchor": anchor, class: "ds-axis-label" }, line));
  const node = svg("g", { "aria-hidden": "true" }, scaled(across, up, windows, scene, frame, turned), edge(frame),
    ...words(upLabel, 2, 12, "start"),
    ...words(acrossLabel, (frame.left + frame.right) / 2, frame.bottom + tickRoom + LINE, "middle"));
  return {
    node, frame,
    x: positions(windows.x, scene.x, frame.left, frame.right),
    y: positions(windows.y, scene.y, frame.bottom, frame.top),
  };
}

/** What decides how the axes look: equal keys, equal axes. */
export function axesKey(scene, width, height) {
  return JSON.stringify([scene.x, scene.y, width, height]);
}

function labelLines(axis, most) {
  const text = axis.power ? `${axis.label} (in units of 1e${axis.power})` : axis.label;
  return text ? wrapped(text, most) : [];
}

function windowOf(axis) {
  return [shrunk(axis.low, axis.power), shrunk(axis.high, axis.power)];
}

/** By how much the last number reaches beyond the end of its axis. */
function beyond(ticks, scale, window, length) {
  return Math.max(0, ...ticks.slice(-1).map(({ at, text }) => Math.ceil((place(scale, ...window, at) - 1) * length + (text.length * LETTER) / 2 + 2)));
}

function crowded(ticks, length, [low, high]) {
  return ticks.some(({ at, text }, i) => {
    if (!i) return false;
    const apart = (place("linear", low, high, at) - place("linear", low, high, ticks[i - 1].at)) * length;
    return apart < ((text.length + ticks[i - 1].text.length) / 2) * LETTER + 8;
  });
}

/** A function from values to pixels, held near the picture. */
function positions([low, high], axis, from, to) {
  const [first, last] = [Math.min(from, to), Math.max(from, to)];
  const log = axis.scale === "log";
  const [start, end] = log ? [Math.log(low), Math.log(high)] : [low, high];
  const slope = (to - from) / (end - start);
  const [least, most] = [first - FAR * (last - first), last + FAR * (last - first)];
  const power = axis.power;
  return (value) => {
    if (!Number.isFinite(value) || (log && value <= 0)) return NaN;
    const at = from + ((log ? Math.log(value) : power ? shrunk(value, power) : value) - start) * slope;
    return at < least ? least : at > most ? most : at;
  };
}

/** Numbers with their ticks, and the grid behind the picture. */
function scaled(across, up, windows, scene, { left, top, right, bottom }, turned) {
  const x = positions(windows.x, { scale: scene.x.scale }, left, right);
  const y = positions(windows.y, { scale: scene.y.scale }, bottom, top);
  const grid = [...across.map(({ at }) => `M${x(at)},${top}V${bottom}`), ...up.map(({ at }) => `M${left},${y(at)}H${right}`)];
  const ticks = [...across.map(({ at }) => `M${x(at)},${bottom}v4`), ...up.map(({ at }) => `M${left},${y(at)}h-4`)];
  const below = across.map(({ at, text }) => svg("text", { x: x(at), y: bottom + 18, "text-anchor": turned ? "end" : "middle",
    transform: turned ? `rotate(-40 ${x(at)} ${bottom + 12})` : null }, text));
  const beside = up.map(({ at, text }) => svg("text", { x: left - 8, y: y(at) + 4, "text-anchor": "end" }, text));
  return svg("g", { class: "ds-axes" }, svg("path", { class: "ds-grid", d: grid.join("") }), svg("path", { class: "ds-edge", d: ticks.join("") }),
    svg("g", { "aria-label": "x-axis tick label" }, ...below), svg("g", { "aria-label": "y-axis tick label" }, ...beside));
}

function edge({ left, top, right, bottom }) {
  return svg("path", { d: `M${left},${top}V${bottom}H${right}`, fill: "none", class: "ds-edge" });
}
