// The steps of a run: its columns, and what stood where at a step.

import { numbers, upTo } from "./values.js";

/** {steps, of, last, columns: [[name, numbers]], loss(step), parameter(name, step)} of a view value. */
export function historyOf(view) {
  const packed = view.history?.columns ?? {};
  const steps = numbers(packed.step);
  const columns = Object.entries(packed)
    .filter(([name]) => name !== "params")
    .map(([name, column]) => [name, numbers(column)]);
  const params = new Map(Object.entries(packed.params ?? {}).map(([name, column]) => [name, numbers(column)]));
  const at = (column, step) => {
    const seen = upTo(steps, step);
    return column && seen ? column[seen - 1] : null;
  };
  const loss = columns.find(([name]) => name === "loss")?.[1];
  return {
    steps,
    last: view.last ?? (steps.length ? steps[steps.length - 1] : 0),
    columns: [...columns, ...params],
    loss: (step) => at(loss, step),
    parameter: (name, step) => at(params.get(name), step),
  };
}
