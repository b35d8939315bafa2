// What each role looks like: dashes and symbols here, colours in view.css as --ds-<role>, so that no two marks differ
// by colour alone. The colours are those of Okabe and Ito (2008), darkened or lightened until they are seen on the page.

export const ROLES = {
  data: { width: 1.5, symbol: "circle", size: 3, opacity: 0.6 },
  fit: { width: 2.6 },
  truth: { width: 2, dash: "8 4", symbol: "diamond" },
  guess: { width: 2, dash: "2 4" },
  path: { width: 1.6, symbol: "circle", size: 2.6 },
  start: { width: 2, symbol: "square", size: 5.5 },
  end: { width: 2, symbol: "circle", size: 7, outlined: true },
  valley: { width: 1.6 },
  finding: { width: 2, dash: "9 3 2 3", symbol: "triangle" },
  minimum: { width: 2.4, symbol: "cross", size: 6 },
  band: { width: 1, opacity: 0.2 },
  stalls: { width: 2.2, dash: "2 3", symbol: "square" },
  learns: { width: 2.6, symbol: "circle" },
  overshoots: { width: 2.2, dash: "8 3", symbol: "diamond" },
  bounces: { width: 2.2, dash: "9 3 2 3", symbol: "triangle" },
  diverges: { width: 2.6, dash: "4 2", symbol: "cross" },
  good: { width: 1.6, opacity: 0.75, shade: 0.3 },
  dead: { width: 1.6, dash: "3 2", opacity: 0.25 },
};

/** How a role looks; an unknown one like data. */
export function look(role) {
  return { symbol: "circle", size: 4, opacity: 1, dash: null, ...(ROLES[role] ?? ROLES.data) };
}

/** The colour of a role, as a style says it. */
export function colour(role) {
  return `var(--ds-${role in ROLES ? role : "data"})`;
}

/** The outline of a symbol around (0, 0), as an SVG path relative to its centre. */
export function symbol(name, size) {
  const r = size;
  switch (name) {
    case "square":
      return `m${-r},${-r}h${2 * r}v${2 * r}h${-2 * r}z`;
    case "diamond":
      return `m0,${-1.3 * r}l${1.3 * r},${1.3 * r}l${-1.3 * r},${1.3 * r}l${-1.3 * r},${-1.3 * r}z`;
    case "triangle":
      return `m0,${-1.2 * r}l${1.15 * r},${2 * r}h${-2.3 * r}z`;
    case "cross":
      return `m${-r},${-r}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}`;
    default:
      return `m${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0z`;
  }
}
