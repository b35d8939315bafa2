// A formula as MathML: parsed as XML, and only the elements of mathematics are taken over, without what they carry.

const MATHML = "http://www.w3.org/1998/Math/MathML";
const ELEMENTS = new Set([
  "math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msup", "msub", "msubsup", "msqrt", "mroot", "mover", "munder",
  "munderover", "mspace", "mstyle", "mtable", "mtr", "mtd", "mpadded", "mphantom",
]);
const ATTRIBUTES = new Set(["mathvariant", "stretchy", "fence", "form", "separator", "lspace", "rspace", "width"]);

/** The formula as a node; as plain text where there is no MathML, or it holds anything that is not mathematics. */
export function formulaNode(mathml, text) {
  const parsed = mathml ? new DOMParser().parseFromString(mathml, "application/xml").documentElement : null;
  const taken = parsed?.localName === "math" ? adopted(parsed) : null;
  if (taken) {
    taken.setAttribute("alttext", text);
    taken.setAttribute("displaystyle", "true"); // as tall as on a line of its own, and at its left
    return taken;
  }
  const code = document.createElement("code");
  code.textContent = text;
  return code;
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
