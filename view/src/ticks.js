// Where an axis carries numbers, and how they are written: as many as have room, for windows of any size.

import { tickStep, ticks as niceNumbers } from "d3-array";
import { grouped } from "./values.js";

export const LETTER = 6.7; // width of one letter of the numbers, in pixels at 12 px
const LONGEST = 16; // letters of a name on an axis
const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

/**
 * The ticks of an axis: [{at, text}], `at` in units of the window.
 * @param axis {scale, ticks}, low, high: the window; length: in pixels; upright: an axis of heights, whose numbers need
 *   room by their height, not their width.
 */
export function ticksOf(axis, low, high, length, upright) {
  const fits = (found) => roomFor(found, (at) => place(axis.scale, low, high, at) * length, upright);
  if (axis.ticks.length) {
    return axis.ticks.filter(([at, text]) => text.trim() && at >= low && at <= high).map(([at, text]) => ({ at, text: cut(text) }));
  }
  if (axis.scale === "log") return logTicks(low, high, fits);
  for (let count = Math.max(2, Math.round(length / (upright ? 42 : 60))); count > 1; count--) {
    const found = linearTicks(low, high, count);
    if (fits(found)) return found;
  }
  return linearTicks(low, high, 2);
}

/** Share of the window at which a value lies. */
export function place(scale, low, high, value) {
  return scale === "log" ? place("linear", Math.log(low), Math.log(high), Math.log(value)) : (value - low) / (high - low);
}

function cut(text) {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 1)}…`;
}

function linearTicks(low, high, count) {
  const step = tickStep(low, high, count);
  const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(Math.abs(step)) + 1e-9)));
  return niceNumbers(low, high, count).map((at) => ({ at, text: signed(withCommas(at, decimals)) }));
}

function withCommas(value, decimals) {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : grouped(text);
}

function logTicks(low, high, fits) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const decades = Math.log10(high) - Math.log10(low);
  if (last <= first || decades < 2) {
    for (const parts of [[1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5], [1, 3], [1]]) {
      const found = powers(first - 1, last, 1).flatMap((power) => parts.map((part) => Number(`${part}e${power}`)));
      const inside = found.filter((at) => at >= low && at <= high).map((at) => ({ at, text: logText(at) }));
      if (inside.length > 1 && fits(inside)) return inside;
    }
    const plain = linearTicks(low, high, 3);
    if (plain.length > 1) return fits(plain) ? plain : plain.slice(0, 1);
  }
  for (const spacing of [1, 2, 3, 4, 5, 10, 20, 30, 50, 100, 200, 300]) {
    const found = powers(Math.ceil(first / spacing) * spacing, last, spacing).map((power) => Number(`1e${power}`));
    const texts = found.map((at) => ({ at, text: logText(at) }));
    if (texts.length && fits(texts)) return texts;
  }
  return [];
}

function powers(first, last, spacing) {
  const found = [];
  for (let power = first; power <= last; power += spacing) found.push(power);
  return found;
}

/** 0.001 to 10,000 as they are, others as powers. */
function logText(value) {
  const power = Math.floor(Math.log10(value) + 1e-12);
  if (power >= -3 && power <= 4) return grouped(String(Number(value.toPrecision(3))));
  const leading = Number((value / 10 ** power).toPrecision(2));
  const raised = [...String(power)].map((digit) => SUPERSCRIPTS[digit]).join("");
  return `${leading === 1 || !Number.isFinite(leading) ? "" : `${leading}×`}10${raised}`;
}

function signed(text) {
  return text.replace("-", "−");
}

/** Whether neighbours keep their distance. */
function roomFor(found, pixel, upright) {
  for (let i = 1; i < found.length; i++) {
    const apart = Math.abs(pixel(found[i].at) - pixel(found[i - 1].at));
    const needed = upright ? 16 : ((found[i].text.length + found[i - 1].text.length) / 2) * LETTER + 10;
    if (apart < needed) return false;
  }
  return true;
}
