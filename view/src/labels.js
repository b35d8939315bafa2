// The words in a picture, on its rules and zones, so placed that none covers another.

import { svg } from "./nodes.js";
import { look } from "./theme.js";
import { LETTER } from "./ticks.js";

const ROW = 16;
const MOST_ROWS = 5;

/** {node, placed}: the labels of rules and zones, and the names of those that found room. */
export function drawLabels(marks, axes) {
  const { left, right, top, bottom } = axes.frame;
  const rows = []; // of each row the stretches that are taken
  const node = svg("g", { "aria-hidden": "true" });
  const placed = new Set();
  for (const mark of marks) {
    if (!mark.name || (mark.kind !== "rule" && mark.kind !== "zone")) continue;
    const width = mark.name.length * LETTER;
    const [low, high] = mark.kind === "zone" ? [axes.x(mark.low), axes.x(mark.high)] : [axes.x(mark.x), axes.x(mark.x)];
    const from = Math.max(left, Math.min(low, high));
    const to = Math.min(right, Math.max(low, high));
    if (!(to >= from)) continue;
    if (mark.kind === "zone" && to - from < width + 6) continue;
    const starts = mark.kind === "zone" ? [(from + to - width) / 2] : [from + 5, from - 5 - width];
    for (const start of starts) {
      if (start < left || start + width > right) continue;
      const row = [...Array(MOST_ROWS).keys()].find((i) =>
        (rows[i] ?? []).every(([begin, end]) => start > end + 6 || start + width < begin - 6),
      );
      if (row === undefined || top + ROW * (row + 1) > bottom - 20) continue;
      (rows[row] ??= []).push([start, start + width]);
      node.append(svg("text", { x: start, y: top + 12 + ROW * row, class: "ds-label", "data-role": mark.role }, mark.name));
      placed.add(mark);
      break;
    }
  }
  return { node, placed };
}

/** What a legend names: each mark with a name, once, but those that are named in the picture; of zones all or none. */
export function legendOf(marks, placed) {
  const seen = new Set();
  const isZone = (mark) => mark.kind === "zone";
  const allNamed = marks.every((mark) => !isZone(mark) || !mark.name || placed.has(mark));
  return marks.filter((mark) => {
    const key = `${mark.role} ${mark.name}`;
    if (!mark.name || (placed.has(mark) && (allNamed || !isZone(mark))) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** Whether a mark is a symbol in the legend rather than a stroke. */
export function isSymbol(mark) {
  return mark.kind === "points" && look(mark.role).symbol !== undefined;
}
