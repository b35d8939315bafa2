// Settings: flat texts by name, the fields of Plan and the data. They are what is asked, what the link holds, and what
// two pictures are compared by.

/** Names whose values are numbers when they can be read as such. */
const NUMBERS = new Set(["learning_rate", "steps", "batch_size", "seed", "n", "noise", "seed_data"]);

/** What a person is told a setting is. */
export const SPOKEN = {
  data: "data",
  formula: "formula",
  target: "target",
  loss: "loss",
  optimizer: "rule",
  learning_rate: "learning rate",
  steps: "steps",
  batch_size: "batch size",
  seed: "seed",
  scale: "scaling",
  truth: "truth",
  n: "rows",
  noise: "noise",
  seed_data: "seed of the data",
  by_hand: "by hand",
};

/** What the lab's first message says of settings: rules that find their own way, and what a ruler does not depend on. */
const told = { searches: new Set(), free: new Set() };

export function learn({ searches = [], ruler_free: free = [] }) {
  told.searches = new Set(searches);
  told.free = new Set(["by_hand", ...free]);
}

/** "momentum(0.9)" -> {name: "momentum", options: "0.9"} */
export function choice(text) {
  const [, name, options] = /^\s*([^(]*?)\s*(?:\((.*)\))?\s*$/s.exec(text ?? "") ?? [null, text ?? "", ""];
  return { name, options: options ?? "" };
}

/** Whether a rule takes a learning rate and a count of steps. */
export const hasRate = (settings) => !told.searches.has(choice(settings.optimizer).name);
/** Whether a rate is spread over all the steps, so that more of them are another descent from the first on. */
export const hasEnd = ({ learning_rate: rate }) => choice(rate).name === "cosine";
export const hasMomentum = (settings) => ["momentum", "nesterov"].includes(choice(settings.optimizer).name);

/** The momentum of a rule that has one, else the usual 0.9. */
export function momentumOf(settings) {
  const said = hasMomentum(settings) ? choice(settings.optimizer).options : "";
  return said.replace(/^\s*momentum\s*=/, "").trim() || "0.9";
}

/** Settings that may be said to be left out, so that the data's own do not come back: their text is then empty. */
const LEFT_OUT = new Set(["learning_rate", "steps", "batch_size", "seed"]);

const says = (name, value) => value !== null && value !== undefined && (value !== "" || LEFT_OUT.has(name));

/** Whatever came, as texts by name; what is not said is not there. */
export function tidy(settings) {
  const known = Object.entries(settings ?? {}).filter(([name, value]) => says(name, value));
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}

/** The settings with some replaced; an empty value takes one away. */
export const changed = (settings, changes) => {
  const merged = { ...settings, ...changes };
  return tidy(merged);
};

/** What goes to the server: numbers as numbers. In by-hand mode nothing is descended. */
export function asked(settings) {
  const { by_hand: byHand, ...rest } = settings;
  if (byHand) {
    rest.steps = "0";
    if (!hasRate(settings)) rest.optimizer = "gd";
  }
  const plain = ([name, text]) => {
    const number = Number(text);
    const counts = NUMBERS.has(name) || name.startsWith("start.");
    return [name, counts && text.trim() !== "" && Number.isFinite(number) ? number : text];
  };
  return Object.fromEntries(Object.entries(rest).map(plain));
}

/** What the server filled in, taken over where the page has said nothing of its own, or left it out. */
export function filledIn(settings, answer) {
  const filled = tidy(answer);
  if (settings.by_hand) for (const name of ["optimizer", "learning_rate", "steps"]) delete filled[name];
  const own = Object.entries(settings).filter(([name, value]) => value !== "" || !(name in filled));
  return { ...filled, ...Object.fromEntries(own) };
}

/** The names by which two settings differ. */
export function differences(one, other) {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => (one[name] ?? "") !== (other[name] ?? ""));
}

/** {a, b|null} -> the fragment of the address, without "#". */
export function fragment({ a, b }) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(a)) words.append(name, value);
  for (const [name, value] of Object.entries(b ?? {})) words.append(`b.${name}`, value);
  return words.toString();
}

/** The fragment of an address -> {a, b|null}. What cannot be read is taken as text. */
export function fromFragment(text) {
  const slots = { a: {}, b: null };
  for (const [name, value] of new URLSearchParams(text.replace(/^#/, ""))) {
    if (!says(name.replace(/^b\./, ""), value)) continue;
    if (!name.startsWith("b.")) slots.a[name] = value;
    else (slots.b ??= {})[name.slice(2)] = value;
  }
  return slots;
}

/** The starts of a formula that still has these parameters; without a list, of the names that stand in its text. */
export function withoutLostStarts(settings, formula) {
  const words = new Set(formula.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []);
  const kept = ([name]) => !name.startsWith("start.") || words.has(name.slice("start.".length));
  return Object.fromEntries(Object.entries(settings).filter(kept));
}

/** What the ruler of rates depends on: a ruler for other settings says nothing of these. */
export function rulerKey(settings) {
  const free = (name) => told.free.has(name.split(".")[0]);
  return fragment({
    a: Object.fromEntries(
      Object.entries(settings)
        .filter(([name]) => !free(name))
        .sort(),
    ),
  });
}
