// The marks of a scene as SVG, each with its way to follow the steps: {node}, and where it moves
// {node, steps, at(step), where(step)}. A moving mark has its outline written once; a step takes a slice of that text.

import { colour, look, symbol } from "./theme.js";
import { drawContours } from "./contours.js";
import { svg } from "./nodes.js";
import { numbers, upTo } from "./values.js";

const CROWD = 150; // points from which they are drawn without rims, smaller: the rims would cover them
const AGES = [6, 12, 24, 48]; // segments of a path by age, newest first; each lot is paler than the one before
const PALENESS = [1, 0.9, 0.8, 0.7, 0.55];

/** Draw one mark on axes; `before` is what was drawn for the mark at this place, whose costly parts are used again. */
export function drawMark(mark, axes, before) {
  return KINDS[mark.kind](mark, axes, before);
}

const KINDS = {
  line(mark, axes) {
    const style = look(mark.role);
    const outline = outlined(pixels(mark, axes), joint);
    if (!mark.step) return { node: stroke(mark.role, style, outline.between(0, outline.count)) };
    const steps = numbers(mark.step);
    const faded = mark.role === "path";
    const parts = (faded ? PALENESS : [1]).map((pale) => stroke(mark.role, style, "", pale));
    return {
      node: svg("g", {}, ...parts),
      steps,
      at(step) {
        let end = outline.seen(upTo(steps, step));
        parts.forEach((part, age) => {
          const begin = !faded || age === parts.length - 1 ? 0 : Math.max(0, end - AGES[age]);
          put(part, "d", end - begin > 1 || !faded ? outline.between(begin, end) : "");
          end = begin ? begin + 1 : 0; // two lots share the point between them
        });
      },
      where: latest(mark, steps),
    };
  },

  points(mark, axes) {
    const style = crowdedLook(mark);
    const shape = symbol(style.symbol, style.size ?? 4);
    const node = svg("path", { class: "ds-point", style: pointStyle(mark.role, style) });
    if (mark.role === "end" && mark.step) return { node, ...follower(mark, axes, shape, node) };
    const outline = outlined(inFrame(pixels(mark, axes), axes.frame), (x, y) => `M${x},${y}${shape}`);
    if (!mark.step) {
      node.setAttribute("d", outline.between(0, outline.count));
      return { node };
    }
    const steps = numbers(mark.step);
    return {
      node,
      steps,
      at: (step) => put(node, "d", outline.between(0, outline.seen(upTo(steps, step)))),
      where: latest(mark, steps),
    };
  },

  curves(mark, axes) {
    const node = stroke(mark.role, look(mark.role), "");
    const steps = numbers(mark.step);
    const [x, y] = [numbers(mark.x), numbers(mark.y)];
    const across = Array.from(x, axes.x, axes);
    const drawn = new Map(); // row -> outline, written when first asked for
    const outlineOf = (row) => {
      if (!drawn.has(row)) {
        const heights = y.subarray(row * x.length, (row + 1) * x.length);
        const every = outlined([across, Array.from(heights, (value) => axes.y(value))], joint);
        drawn.set(row, every.between(0, every.count));
      }
      return drawn.get(row);
    };
    return { node, steps, at: (step) => put(node, "d", upTo(steps, step) ? outlineOf(upTo(steps, step) - 1) : "") };
  },

  band(mark, axes) {
    const [x, low, high] = [numbers(mark.x), numbers(mark.low), numbers(mark.high)];
    const whole = [...x.keys()].filter((i) => [axes.x(x[i]), axes.y(low[i]), axes.y(high[i])].every(Number.isFinite));
    const along = (edge, order) => order.map((i) => `${short(axes.x(x[i]))},${short(axes.y(edge[i]))}`);
    const points = [...along(high, whole), ...along(low, [...whole].reverse())];
    const style = `fill:${colour(mark.role === "band" ? "fit" : mark.role)};fill-opacity:${look("band").opacity};stroke:none`;
    return { node: svg("path", { d: points.length ? `M${points.join("L")}z` : "", style }) };
  },

  bars(mark, axes) {
    const style = look(mark.role);
    const [x, low, high] = [numbers(mark.x), numbers(mark.low), numbers(mark.high)];
    const bars = Array.from(x, (at, i) => {
      const [left, right] = [axes.x(at - mark.width / 2), axes.x(at + mark.width / 2)];
      const [bottom, top] = [axes.y(low[i]), axes.y(high[i])];
      return Number.isFinite(left + right + bottom + top)
        ? `M${short(left)},${short(bottom)}V${short(top)}H${short(right)}V${short(bottom)}z`
        : "";
    });
    const filled = `fill:${colour(mark.role)};fill-opacity:${style.opacity};stroke:${colour(mark.role)};${dashes(style)}`;
    return { node: svg("path", { d: bars.join(""), style: filled }) };
  },

  zone(mark, axes) {
    const { left, right, top, bottom } = axes.frame;
    const [from, to] = [axes.x(mark.low), axes.x(mark.high)].map((at) => Math.min(right, Math.max(left, at)));
    const zone = { x: from, y: top, width: Math.max(0, to - from), height: bottom - top };
    return { node: svg("rect", { ...zone, style: `fill:${colour(mark.role)};fill-opacity:${look(mark.role).shade ?? 0.14}` }) };
  },

  rule(mark, axes) {
    const at = short(axes.x(mark.x));
    return { node: stroke(mark.role, look(mark.role), at === "" ? "" : `M${at},${axes.frame.top}V${axes.frame.bottom}`) };
  },

  contours: (mark, axes, before) => drawContours(mark, axes, before),
};

/** The point of a moving mark that is its latest at a step: [x, y], or nothing. */
function latest(mark, steps) {
  const [x, y] = [numbers(mark.x), numbers(mark.y)];
  return (step) => {
    const seen = upTo(steps, step);
    return seen ? [x[seen - 1], y[seen - 1]] : null;
  };
}

/** Where the descent stands: one symbol that is carried along. */
function follower(mark, axes, shape, node) {
  const steps = numbers(mark.step);
  const where = latest(mark, steps);
  return {
    steps,
    where,
    at(step) {
      const point = where(step);
      const [x, y] = point ? [axes.x(point[0]), axes.y(point[1])] : [NaN, NaN];
      put(node, "d", isIn(x, y, axes.frame) ? `M${short(x)},${short(y)}${shape}` : "");
    },
  };
}

/** Symbols are drawn whole where their centre is in the frame, and not at all where it is not. */
function inFrame([x, y], frame) {
  return [x.map((at, i) => (isIn(at, y[i], frame) ? at : NaN)), y];
}

function isIn(x, y, { left, top, right, bottom }) {
  return x >= left - 0.5 && x <= right + 0.5 && y >= top - 0.5 && y <= bottom + 0.5;
}

const joint = (x, y, joined) => `${joined ? "L" : "M"}${x},${y}`;

function pixels(mark, axes) {
  return [Array.from(numbers(mark.x), (value) => axes.x(value)), Array.from(numbers(mark.y), (value) => axes.y(value))];
}

/** The outline through points, written once: between(first, last) is that of these of its seen points. */
function outlined([x, y], write) {
  const places = [0];
  const kept = []; // the places in x of the points that can be seen
  let text = "";
  let previous = -2;
  for (let i = 0; i < x.length; i++) {
    if (!Number.isFinite(x[i] + y[i])) continue;
    text += write(short(x[i]), short(y[i]), previous === i - 1);
    previous = i;
    kept.push(i);
    places.push(text.length);
  }
  return {
    count: kept.length,
    seen: (points) => upTo(kept, points - 1),
    between: (first, last) => (last > first ? `M${text.slice(places[first] + 1, places[last])}` : ""),
  };
}

function stroke(role, style, d, opacity = 1) {
  const line = `fill:none;stroke:${colour(role)};stroke-width:${style.width};stroke-opacity:${opacity};${dashes(style)}`;
  return svg("path", { d, style: `${line}stroke-linejoin:round;stroke-linecap:${style.dash ? "butt" : "round"}` });
}

/** Many points lie on each other: they are smaller then, and without rims that would hide their neighbours. */
function crowdedLook(mark) {
  const style = look(mark.role);
  const crowded = ["data", "path"].includes(mark.role) && numbers(mark.x).length > CROWD;
  return crowded ? { ...style, size: 2.2, opacity: 0.5, rimless: true } : style;
}

function dashes(style) {
  return style.dash ? `stroke-dasharray:${style.dash};` : "";
}

/** How the symbols of a role are painted, here and in the legend. */
export function pointStyle(role, style) {
  if (style.symbol === "cross") return `fill:none;stroke:${colour(role)};stroke-width:${style.width}`;
  if (style.rimless) return `fill:${colour(role)};fill-opacity:${style.opacity};stroke:none`;
  const rim = style.outlined || role === "start" ? "var(--ds-ink)" : "var(--ds-paper)";
  return `fill:${colour(role)};fill-opacity:${style.opacity};stroke:${rim};stroke-width:${style.outlined ? 1.5 : 0.75}`;
}

function put(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function short(value) {
  return Number.isFinite(value) ? String(Math.round(value * 10) / 10) : "";
}
