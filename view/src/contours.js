// Lines of equal height, and a shade that deepens with the height; it is deepest where the loss is too large for one.

import { svg } from "./nodes.js";
import { numbers } from "./values.js";

/** The contours of a mark; their outlines on the grid are kept, and used again while the heights stay the same. */
export function drawContours(mark, axes, before) {
  const key = JSON.stringify([mark.z, mark.levels]);
  const outlines = before?.key === key ? before.outlines : outlinesOf(mark);
  const [x, y] = [numbers(mark.x), numbers(mark.y)];
  const across = onGrid(x, axes.x);
  const up = onGrid(y, axes.y);
  const paths = outlines.map((rings) => {
    let d = "";
    for (const ring of rings) {
      for (let i = 0; i < ring.length; i += 2) d += `${i ? "L" : "M"}${across(ring[i])},${up(ring[i + 1])}`;
      d += "z";
    }
    return svg("path", { d, class: "ds-contour" });
  });
  return { node: svg("g", {}, ...paths), key, outlines };
}

/** For each level its rings, flat: x, y, x, y … in places of the grid. */
function outlinesOf(mark) {
  const [rows, columns] = mark.z.shape;
  if (rows < 2 || columns < 2) return [];
  // a rim of -Infinity closes each ring at the edge of the grid; where there is no height the loss was too large for
  // one: Infinity, so that the lines close up to it, and none is drawn across it
  const wide = columns + 2;
  const heights = new Float64Array(wide * (rows + 2)).fill(-Infinity);
  numbers(mark.z).forEach((value, i) => {
    heights[wide * (1 + Math.floor(i / columns)) + 1 + (i % columns)] = Number.isNaN(value) ? Infinity : value;
  });
  return Array.from(numbers(mark.levels), (level) => ringsAt(heights, wide, level));
}

/**
 * Marching squares. A cell lies between four neighbours; by which of them reach the level, lines cross it from one of
 * its sides to another, with what is higher at their left. Each crossed side is the end of one line and the begin of
 * the next, so lines join to rings, and holes run the other way round.
 */
function ringsAt(heights, wide, level) {
  const next = new Map(); // crossed side -> the side to which the line goes on
  for (let at = 0; at + wide + 1 < heights.length; at++) {
    const higher =
      (heights[at] >= level) | ((heights[at + 1] >= level) << 1) |
      ((heights[at + wide + 1] >= level) << 2) | ((heights[at + wide] >= level) << 3);
    if (higher === 0 || higher === 15) continue;
    const sides = [2 * at, 2 * (at + 1) + 1, 2 * (at + wide), 2 * at + 1]; // above, right, below, left
    for (const [from, to] of CROSSINGS[higher]) next.set(sides[from], sides[to]);
  }
  const rings = [];
  for (const first of next.keys()) {
    const ring = [];
    for (let side = first; next.has(side); ) {
      const at = side >> 1;
      const upright = side & 1;
      const share = crossing(heights[at], heights[at + (upright ? wide : 1)], level);
      ring.push((at % wide) - 1 + (upright ? 0 : share), Math.floor(at / wide) - 1 + (upright ? share : 0));
      const onward = next.get(side);
      next.delete(side);
      side = onward;
    }
    rings.push(ring);
  }
  return rings;
}

const [ABOVE, RIGHT, BELOW, LEFT] = [0, 1, 2, 3];
/** From which side to which, by the corners that are higher: 1 above left, 2 above right, 4 below right, 8 below left. */
const CROSSINGS = [
  [], [[LEFT, ABOVE]], [[ABOVE, RIGHT]], [[LEFT, RIGHT]], [[RIGHT, BELOW]], [[LEFT, ABOVE], [RIGHT, BELOW]],
  [[ABOVE, BELOW]], [[LEFT, BELOW]], [[BELOW, LEFT]], [[BELOW, ABOVE]], [[ABOVE, RIGHT], [BELOW, LEFT]],
  [[BELOW, RIGHT]], [[RIGHT, LEFT]], [[RIGHT, ABOVE]], [[ABOVE, LEFT]], [],
];

/** At what share of the way from one height to another a level lies; half way to the rim, close to what is finite. */
function crossing(one, other, level) {
  if (one === -Infinity || other === -Infinity) return 0.5;
  if (one === Infinity) return 1;
  return other === Infinity ? 0 : (level - one) / (other - one);
}

/** From places on a grid, in halves between its points, to pixels. */
function onGrid(values, position) {
  const pixels = Array.from(values, position);
  const last = pixels.length - 1;
  return (place) => {
    const held = Math.min(last, Math.max(0, place));
    const i = Math.min(last - 1, Math.floor(held));
    return Math.round((pixels[i] + (held - i) * (pixels[i + 1] - pixels[i])) * 10) / 10;
  };
}
