// A formula as MathML: parsed as XML, and only what says how a formula looks is taken over (as in report/mathml.py).

import { html } from "./nodes.js";

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set([
  "math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt", "mroot", "msub", "msup", "msubsup",
  "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mstyle", "mpadded", "mphantom",
]);
const ATTRIBUTES = new Set([
  "display", "form", "stretchy", "fence", "separator", "movablelimits", "mathvariant", "displaystyle", "scriptlevel",
  "lspace", "rspace", "width", "columnalign", "linethickness",
]);

/** The formula as a node; as text where there is no MathML, or it holds anything that is not mathematics. */
export function formulaNode(mathml, text) {
  const parsed = mathml ? new DOMParser().parseFromString(mathml, "application/xml").documentElement : null;
  const taken = parsed?.localName === "math" ? adopted(parsed) : null;
  if (taken) {
    taken.setAttribute("alttext", text);
    taken.removeAttribute("display"); // at the left,
    taken.setAttribute("displaystyle", "true"); // and as tall as on a line of its own
    return taken;
  }
  return html("span", {}, html("code", {}, text), mathml ? html("small", {}, " (shown as text: it cannot be set as a formula)") : null);
}

function adopted(node) {
  if (!ELEMENTS.has(node.localName)) return null;
  const copy = document.createElementNS(MATHML, node.localName);
  for (const { name, value } of node.attributes) {
    if (ATTRIBUTES.has(name) && /^[\w .%-]*$/.test(value)) copy.setAttribute(name, value);
  }
  for (const child of node.childNodes) {
    if (child.nodeType === Node.TEXT_NODE) {
      copy.append(child.data);
    } else if (child.nodeType === Node.ELEMENT_NODE) {
      const taken = adopted(child);
      if (!taken) return null;
      copy.append(taken);
    }
  }
  return copy;
}
