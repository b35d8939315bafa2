"""A slab: some whole groups, fitted from their numbers to columns of results. What threads and workers run."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from downslope.arrays import double_precision
from downslope.data.groups import Groups
from downslope.device import on_device
from downslope.errors import DataError, InputError
from downslope.many.packing import Rows
from downslope.many.searching import Found, search
from downslope.many.singly import fit_singly
from downslope.many.spec import Bound, Spec, bind
from downslope.many.verdicts import STATES, Verdict, look_at, verdicts
from downslope.objective.loss import check_target
from downslope.plan import Plan
from downslope.probe.group_turn import errors_of_all

__all__ = ["Fitted", "Spec", "fit_slab"]


class Fitted(NamedTuple):
    """Results of a slab, one entry a group: params and errors (g, p) of all parameters; rows, loss, state, reason (g,).

    state: places in STATES.
    """

    params: np.ndarray
    errors: np.ndarray
    rows: np.ndarray
    loss: np.ndarray
    state: np.ndarray
    reason: np.ndarray

    def columns(self, parameters: tuple[str, ...]) -> dict[str, np.ndarray]:
        """By the names that they have in a table."""
        return {
            "rows": self.rows,
            **{name: self.params[:, k] for k, name in enumerate(parameters)},
            **{f"{name}_error": self.errors[:, k] for k, name in enumerate(parameters)},
            "loss": self.loss,
            "state": np.array(STATES, dtype=object)[self.state],
            "reason": self.reason,
        }


def fit_slab(spec: Spec, plan: Plan, slab: Groups, of: int = 0, closer: int = 0) -> dict[str, np.ndarray]:
    """Fit every group of a slab by itself.

    Args:   spec, plan: what to fit, and how; both, and the slab, may come from another process.
            of: groups of the whole table, as far as they are known.
            closer: so many groups at most, of those that the search of many is not sure of, are fitted singly.
    Returns: name -> (g,): "rows", each parameter, each "<name>_error", "loss", "state" and "reason".
    """
    with double_precision(), on_device(plan.device), np.errstate(all="ignore"):
        bound = bind(spec, plan)
        rows, starting, target_name = _rows(bound, spec, plan, slab)
        groups = len(rows.lengths)
        fitted = Fitted(
            np.full((groups, len(bound.model.parameters)), np.nan),
            np.full((groups, len(bound.model.parameters)), np.nan),
            rows.lengths.copy(),
            np.full(groups, np.nan),
            np.full(groups, STATES.index("untrusted")),
            np.full(groups, "", dtype=object),
        )
        for group, reason in starting.items():
            fitted.reason[group] = reason
        able = np.array([group for group in range(groups) if group not in starting], dtype=int)
        if spec.singly:
            _singly(spec, plan, slab, able, fitted)
        elif able.size:
            found, last = _side_by_side(bound, plan, rows, able, max(of, groups), target_name)
            _put(bound, plan, found, last, able, fitted)
            unsure = able[last.again]
            if 0 < unsure.size <= closer:
                _singly(spec, plan, slab, unsure, fitted)
        return fitted.columns(bound.model.parameters)


def _side_by_side(
    bound: Bound, plan: Plan, rows: Rows, able: np.ndarray, of: int, target_name: str
) -> tuple[Found, Verdict]:
    targets = look_at(rows, target_name)

    def unsure(found: Found, groups: np.ndarray) -> np.ndarray:
        return verdicts(bound, rows, targets, found, groups).again

    found = search(bound, plan, rows, able, of, unsure)
    return found, verdicts(bound, rows, targets, found, able)


def _put(bound: Bound, plan: Plan, found: Found, last: Verdict, able: np.ndarray, fitted: Fitted) -> None:
    """Results of the free parameters as those of all."""
    fitted.params[able] = bound.restriction.full(found.params[able])
    fitted.loss[able] = np.where(np.isfinite(found.loss[able]), found.loss[able], np.nan)
    fitted.state[able], fitted.reason[able] = last.state, last.reason
    if plan.tied:
        fitted.errors[able] = errors_of_all(bound.restriction, found.params[able], found.covariance[able], last.errors)
        return
    fitted.errors[able] = 0.0
    fitted.errors[np.ix_(able, np.array(bound.restriction.free))] = last.errors


def _singly(spec: Spec, plan: Plan, slab: Groups, groups: np.ndarray, fitted: Fitted) -> None:
    for group in groups.tolist():
        one = slab.some(group, group + 1)
        answer = fit_singly(spec, plan, one.columns)
        fitted.params[group], fitted.errors[group] = answer.params, answer.errors
        fitted.loss[group], fitted.reason[group] = answer.loss, answer.reason
        fitted.state[group] = STATES.index(answer.state)


def _rows(bound: Bound, spec: Spec, plan: Plan, slab: Groups) -> tuple[Rows, dict[int, str], str]:
    """The rows that count, what is against some groups from the start, and what the target is called."""
    columns = slab.columns
    name = bound.model.target_text or spec.target or ""
    if bound.model.target is not None:
        target = np.asarray(bound.model.target({each: columns[each] for each in bound.model.target_columns}), float)
        target = np.broadcast_to(target, (int(slab.starts[-1]),))
    else:
        target = columns[str(spec.target)]
    weight, spread = _weights(plan, slab)
    starts = slab.starts
    if weight is not None and not weight.all():
        kept = np.flatnonzero(weight)
        starts = np.searchsorted(kept, starts)
        columns = {each: values[kept] for each, values in columns.items()}
        target, weight = target[kept], weight[kept]
    rows = Rows({each: columns[each] for each in bound.model.columns}, target, weight, spread, starts)
    return rows, _against(bound, rows, name), name


def _weights(plan: Plan, slab: Groups) -> tuple[np.ndarray | None, np.ndarray | None]:
    count = int(slab.starts[-1])
    given = plan.weights if plan.weights is not None else plan.sigma
    if given is None:
        return None, None
    what = "weights" if plan.weights is not None else "sigma"
    values = slab.columns[given] if isinstance(given, str) and given in slab.columns else np.full(count, float(given))
    bad = values < 0 if what == "weights" else values <= 0
    if bad.any():
        row = int(np.argmax(bad))
        place = row if slab.numbers is None else int(slab.numbers[row])
        must = "must not be negative" if what == "weights" else "must be positive"
        raise DataError(f"{what} {must}: row {place + 1:,} has {values[row]:g}")
    return (values, None) if what == "weights" else (None, values)


def _against(bound: Bound, rows: Rows, name: str) -> dict[int, str]:
    """What stands in the way of fitting a group at all."""
    said: dict[int, str] = {}
    size, lengths = bound.posed.size, rows.lengths
    for group in np.flatnonzero(lengths < size).tolist():
        few = f"{lengths[group]} row{'' if lengths[group] == 1 else 's'}" if lengths[group] else "no row that counts"
        said[group] = f"{size} parameters, but only {few}: the data cannot determine them"
    sound = np.isfinite(rows.target)
    if not sound.all():
        bad = np.unique(np.searchsorted(rows.starts, np.flatnonzero(~sound), side="right") - 1)
        for group in bad.tolist():
            values = rows.target[rows.starts[group] : rows.starts[group + 1]]
            count = int((~np.isfinite(values)).sum())
            said.setdefault(group, f"{name} is not a finite number in {count} of {values.size} rows")
    for group in _refused(bound.loss.key, rows):
        values = rows.target[rows.starts[group] : rows.starts[group + 1]]
        try:
            check_target(bound.loss, values, name)
        except InputError as error:
            said.setdefault(group, f"{error} (rows are counted within the group)")
    return said


def _refused(key: Any, rows: Rows) -> list[int]:
    """Groups whose targets may be such that the loss cannot judge them; a quick look at all."""
    target = rows.target
    if key == "mse":
        size = np.abs(target)
        odd = (size > 1e139) | ((size < 1e-139) & (size > 0))
    elif key in ("poisson", "logistic"):
        odd = (target < 0) | ((target > 1) if key == "logistic" else False)
    else:
        return []
    found: Mapping[int, None] = dict.fromkeys(
        (np.searchsorted(rows.starts, np.flatnonzero(odd), side="right") - 1).tolist()
    )
    return list(found)
