"""A model of the free parameters only: some of its parameters are held at a number, some follow others by a formula.

    full parameters   all that the model names, p of them
    free parameters   those neither fixed nor tied, q of them: what a search moves

A fixed value is not built into the prediction. It travels beside the columns of the data, as one more column of one
number, so that another value compiles nothing.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import numpy as np

from downslope.arrays import double_precision
from downslope.errors import RequestError, UnknownName, shortened
from downslope.model.evaluate import evaluate
from downslope.model.model import Columns, Model
from downslope.model.ties import Tie, kinked, read_ties


@dataclass(frozen=True)
class Layout:
    """Where each of the full parameters comes from; the numbers that are fixed are not in it.

    free, fixed: places among the full parameters, in their order; ties: in an order in which each reads only what is
    known by then.
    """

    parameters: tuple[str, ...]
    free: tuple[int, ...]
    fixed: tuple[int, ...]
    ties: tuple[Tie, ...]

    def in_numpy(self, free: np.ndarray, fixed: np.ndarray) -> np.ndarray:
        """(..., q) and (f,) to (..., p)."""
        full = np.empty((*free.shape[:-1], len(self.parameters)), dtype=np.float64)
        full[..., list(self.free)] = free
        full[..., list(self.fixed)] = fixed
        for tie in self.ties:
            full[..., tie.place] = evaluate(tie.nodes, {name: full[..., place] for name, place in tie.reads})
        return full

    def in_jax(self, free: Any, fixed: Sequence[Any]) -> Any:
        """(q,) and f arrays of one number each to (p,): of a run of free parameters one slice, not one for each."""
        import jax

        lone = {place: jax.numpy.asarray(value, free.dtype) for place, value in zip(self.fixed, fixed, strict=True)}
        order = {place: position for position, place in enumerate(self.free)}

        def value(place: int) -> Any:
            return lone[place][0] if place in lone else jax.lax.index_in_dim(free, order[place], keepdims=False)

        for tie in self.ties:
            answer = evaluate(tie.nodes, {name: value(place) for name, place in tie.reads})
            lone[tie.place] = jax.numpy.asarray(answer, free.dtype).reshape(1)
        pieces: list[Any] = []
        for alone, run in groupby(range(len(self.parameters)), key=lone.__contains__):
            places = list(run)
            if alone:
                pieces.extend(lone[place] for place in places)
            else:
                first = order[places[0]]
                pieces.append(jax.lax.slice_in_dim(free, first, first + len(places)))
        return jax.lax.concatenate(pieces, 0)


@dataclass(frozen=True, eq=False)
class Restriction:
    """A model with some of its parameters fixed or tied.

    model:      the model of the free parameters. Its `columns` are those of the data; its `predict` reads from the
                mapping that it is given also the `constants`.
    free:       places of the free parameters among the full ones.
    constants:  what `predict` needs beside the columns: name -> the fixed value, to be given as an array of shape
                (1,) or (n,), of which the first element counts. No formula can hold such a name.
    layout:     how the full parameters follow from the free ones.
    """

    model: Model
    free: tuple[int, ...]
    constants: Mapping[str, float]
    layout: Layout

    def full(self, free: np.ndarray) -> np.ndarray:
        """All parameters, (..., p), from the free ones, (..., q).

        >>> from downslope.model import as_model
        >>> held = restrict(as_model("y = w*x + b", ["x", "y"]), {"b": 5.0}, {})
        >>> held.full(np.array([[1.0], [2.0]])).tolist()
        [[1.0, 5.0], [2.0, 5.0]]
        """
        return self.layout.in_numpy(np.asarray(free, dtype=np.float64), self._fixed())

    def turn(self, free: np.ndarray) -> np.ndarray:
        """The derivative of the full parameters by the free ones, (p, q), at some free ones (q,).

        Exact: 1 where a parameter is itself, 0 for a fixed one, and by automatic differentiation for a tied one.
        """
        layout = self.layout
        if layout.ties:
            with double_precision():
                return np.asarray(_slopes(layout)(np.asarray(free, dtype=np.float64), self._fixed()))
        chosen = np.zeros((len(layout.parameters), len(layout.free)))
        chosen[list(layout.free), range(len(layout.free))] = 1.0
        return chosen

    def _fixed(self) -> np.ndarray:
        return np.array(list(self.constants.values()), dtype=np.float64)


def restrict(model: Model, fixed: Mapping[str, float], tied: Mapping[str, str]) -> Restriction:
    """The model with these parameters held at a number, and those following others by a formula.

    A tie is a formula of other parameters, which may be free, fixed or tied themselves. With nothing fixed and nothing
    tied the model stays the very same object.

    Raises: UnknownName for a name that the model does not have; FormulaError for a tie that cannot be read or that
        reads a column; RequestError for ties in a circle, and if nothing is left to fit.

    >>> from downslope.model import as_model
    >>> model = as_model("y = a*exp(-b1*x) + c*exp(-b2*x)", ["x", "y"])
    >>> held = restrict(model, {"c": 1.0}, {"b2": "2*b1"})
    >>> held.model.parameters, held.full(np.array([3.0, 0.5])).tolist()
    (('a', 'b1'), [3.0, 0.5, 1.0, 1.0])
    >>> held.turn(np.array([3.0, 0.5])).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 2.0]]
    """
    for name in (*fixed, *tied):
        if name not in model.parameters:
            raise UnknownName("parameter", name, model.parameters)
    held = tuple(name for name in model.parameters if name in fixed)
    follows = tuple((name, tied[name].strip()) for name in model.parameters if name in tied)
    restricted, layout, names = _restricted(model, held, follows)
    constants = {constant: float(fixed[name]) for constant, name in zip(names, held, strict=True)}
    return Restriction(restricted, layout.free, constants, layout)


@lru_cache(maxsize=256)
def _restricted(
    model: Model, held: tuple[str, ...], follows: tuple[tuple[str, str], ...]
) -> tuple[Model, Layout, tuple[str, ...]]:
    """The model of the free parameters, how they make the full ones, and the names of the constants."""
    ties = read_ties(model, dict(follows))
    names = model.parameters
    taken = {*held, *(name for name, _ in follows)}
    free = tuple(place for place, name in enumerate(names) if name not in taken)
    if not free:
        raise RequestError(f"nothing is left to fit: {shortened(names)} are all fixed or tied. Leave one of them free")
    layout = Layout(names, free, tuple(map(names.index, held)), ties)
    if not taken:
        return model, layout, ()
    constants = tuple(f"fixed {name}\0" for name in held)
    left = tuple(names[place] for place in free)

    def predict(params: Any, columns: Mapping[str, Any]) -> Any:
        fixed = [columns[name] for name in constants]
        # without the constants: a model that reads no column takes the number of rows from whichever comes first
        rows = {name: values for name, values in columns.items() if name not in constants}
        jax = sys.modules.get("jax")
        if jax is not None and any(isinstance(value, jax.Array) for value in (params, *fixed, *rows.values())):
            alone = [jax.lax.slice_in_dim(jax.numpy.asarray(value).reshape(-1), 0, 1) for value in fixed]
            return model.predict(layout.in_jax(jax.numpy.asarray(params), alone), rows)
        numbers = np.array([np.ravel(value)[0] for value in fixed], dtype=np.float64)
        return model.predict(layout.in_numpy(np.asarray(params), numbers), rows)

    def start(columns: Columns) -> Mapping[str, float]:
        return {name: value for name, value in model.start(columns).items() if name in left}

    restricted = Model(
        predict=predict,
        parameters=left,
        columns=model.columns,
        target=model.target,
        target_text=model.target_text,
        target_columns=model.target_columns,
        text=model.text,
        latex=model.latex,
        start=start,
        key=("restricted", model.key, left, follows),
        smooth=model.smooth and not any(map(kinked, ties)),
        recipe=(_restricted_model, (model, held, follows)),
    )
    return restricted, layout, constants


def _restricted_model(model: Model, held: tuple[str, ...], follows: tuple[tuple[str, str], ...]) -> Model:
    return _restricted(model, held, follows)[0]


@lru_cache(maxsize=64)
def _slopes(layout: Layout) -> Any:
    import jax

    return jax.jit(jax.jacfwd(lambda free, fixed: layout.in_jax(free, [fixed[k : k + 1] for k in range(fixed.size)])))
