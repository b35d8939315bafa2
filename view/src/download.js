// What a reader takes along: the steps as CSV, a picture as PNG. Made here, by no server.

import { html, svg, wrapped } from "./nodes.js";

const SHARPNESS = 2; // pixels of the file per pixel of the page
const PAINTED = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin", "stroke-linecap",
  "font-family", "font-size", "font-weight", "font-variant-numeric", "text-anchor", "opacity", "paint-order",
];
const MARGIN = 12;
const ROW = 18;

/** The columns of a run as CSV, every digit of every number. columns: [[name, numbers]] */
export function csvOf(columns) {
  const rows = columns[0]?.[1].length ?? 0;
  const lines = [columns.map(([name]) => field(name)).join(",")];
  for (let i = 0; i < rows; i++) lines.push(columns.map(([, values]) => numberText(values[i])).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

/** A text as a field of CSV that no spreadsheet takes for a formula. */
export function field(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return safe !== text || /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
}

/** Let the browser save a Blob. */
export function save(blob, name) {
  const link = html("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Save the steps of a run. */
export function saveCsv(history, name = "steps.csv") {
  save(new Blob([csvOf(history.columns)], { type: "text/csv;charset=utf-8" }), name);
}

/** Save a picture as it stands, with its title, legend and notes. */
export async function savePng(picture, name) {
  save(await pngOf(picture), name);
}

/** A picture as PNG: a Blob. */
export async function pngOf(picture) {
  const whole = framed(picture);
  const [width, height] = ["width", "height"].map((side) => Number(whole.getAttribute(side)));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(whole))}`;
  await image.decode();
  const canvas = html("canvas", { width: SHARPNESS * width, height: SHARPNESS * height });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) =>
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("the picture is too large to save"))), "image/png"));
}

/** The picture with its words around it, as one SVG that needs no style sheet. */
function framed({ svg: drawn, node, scene }) {
  const { color: ink, backgroundColor: paper } = getComputedStyle(drawn);
  const [width, height] = ["width", "height"].map((side) => Number(drawn.getAttribute(side)));
  const words = (lines, from, size, weight = 400) =>
    lines.map((line, i) => svg("text", { x: MARGIN, y: from + ROW * (i + 1) - 4, fill: ink, "font-size": size, "font-weight": weight }, line));
  const title = wrapped(scene.title, Math.floor(width / 8));
  const notes = scene.notes.flatMap((note) => wrapped(note, Math.floor(width / 6.5)));
  const legend = [...node.querySelectorAll(".ds-legend li")];
  let [x, row] = [MARGIN, 0];
  const entries = legend.map((entry) => {
    const needs = 34 + 7 * entry.textContent.length;
    if (x > MARGIN && x + needs > width) [x, row] = [MARGIN, row + 1];
    const sample = painted(entry.querySelector("svg"));
    const placed = svg("g", { transform: `translate(${x},${MARGIN + ROW * (title.length + row)})` }, sample,
      svg("text", { x: 30, y: 12, fill: ink, "font-size": 12 }, entry.textContent));
    x += needs;
    return placed;
  });
  const above = MARGIN + ROW * (title.length + (legend.length ? row + 1 : 0));
  const whole = [width + MARGIN, above + height + ROW * notes.length + MARGIN];
  const plot = painted(drawn);
  plot.setAttribute("y", above);
  return svg("svg", { xmlns: "http://www.w3.org/2000/svg", width: whole[0], height: whole[1], "font-family": "system-ui, sans-serif" },
    svg("rect", { width: whole[0], height: whole[1], fill: paper }),
    ...words(title, MARGIN, 14, 600), ...entries, plot, ...words(notes, above + height, 12));
}

/** A copy whose every element carries the style that the page gives it. */
function painted(original) {
  const copy = original.cloneNode(true);
  const copies = [copy, ...copy.querySelectorAll("*")];
  [original, ...original.querySelectorAll("*")].forEach((node, i) => {
    const style = getComputedStyle(node);
    copies[i].style.cssText = PAINTED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";");
  });
  return copy;
}

function numberText(value) {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
}
