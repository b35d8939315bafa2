// Lines of equal height, and a shade that deepens with the height; nothing is shaded where there is no height.

import { contours } from "d3-contour";
import { svg } from "./nodes.js";
import { numbers } from "./values.js";

/** The contours of a mark; their outlines on the grid are kept, and used again while the heights stay the same. */
export function drawContours(mark, axes, before) {
  const key = JSON.stringify([mark.z, mark.levels]);
  const outlines = before?.key === key ? before.outlines : outlinesOf(mark);
  const [x, y] = [numbers(mark.x), numbers(mark.y)];
  const across = onGrid(x, axes.x);
  const up = onGrid(y, axes.y);
  const paths = outlines.map((polygons) => {
    let d = "";
    for (const ring of polygons) {
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
  // where there is no height the loss was too large for one: no line is drawn around it that is not there
  const heights = Array.from(numbers(mark.z), (value) => (Number.isNaN(value) ? Infinity : value));
  const found = contours().size([columns, rows]).thresholds(Array.from(numbers(mark.levels)))(heights);
  return found.map(({ coordinates }) => coordinates.flat().map((ring) => ring.flatMap(([x, y]) => [x - 0.5, y - 0.5])));
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
