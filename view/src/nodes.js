// Elements. Text comes from users' files, so it enters the page as text nodes and attributes only.

/** An HTML element; `attributes` as they are written, `children` elements or text. */
export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function filled(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") node.style.cssText = value;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set a text only where it changes: a scrub touches few nodes. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Words on lines of at most so many letters; a longer word is cut. */
export function wrapped(text, most) {
  const lines = [""];
  for (const word of text.split(/\s+/).flatMap((long) => long.match(new RegExp(`.{1,${Math.max(4, most)}}`, "gsu")) ?? [])) {
    const line = lines[lines.length - 1];
    if (line && line.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = line ? `${line} ${word}` : word;
  }
  return lines;
}
