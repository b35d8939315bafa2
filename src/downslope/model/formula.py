"""A formula: one equation, a column or an expression of columns on the left, the model on the right.

    y = w*x + b        log(y) = a + k*t        y = c0*exp(-col("decay rate")*t)        y = polynomial(x, degree=3)

Which names are columns depends on the data: `bind` decides it and gives the Model.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np

from downslope.errors import FormulaError, RequestError, shortened
from downslope.model.equation import Call, read_equation, read_expression
from downslope.model.evaluate import evaluate
from downslope.model.latex import latex
from downslope.model.model import Columns, Model, Starts, no_starts
from downslope.model.names import Names, column_text, resolve
from downslope.model.ready import Ready, named
from downslope.model.tree import Apply, Name, Node, constant, names, postorder

__all__ = ["Formula", "bind", "bind_ready", "bind_text", "evaluate", "read_formula"]


@dataclass(frozen=True, eq=False)
class Formula:
    """An equation that has been read and checked. Made by `read_formula`.

    text:         can be read again; a ready model is written out where that is short.
    left, right:  the sides as trees, with places in `source`.
    ready:        the ready model it was, with its argument as a tree.
    """

    text: str
    source: str
    left: Node
    right: Node
    left_text: str
    ready: Ready | None = None
    argument: Node | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """All names, columns and parameters, in order of first appearance."""
        return tuple(dict.fromkeys(name.name for side in (self.left, self.right) for name in names(side)))

    @property
    def left_name(self) -> str | None:
        """The column on the left side, if it stands there alone."""
        return self.left.name if isinstance(self.left, Name) else None

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=256)
def read_formula(text: str) -> Formula:
    """Read a formula. Which of its names are columns is not asked yet.

    Raises: FormulaError with carets under what cannot be read.

    >>> read_formula("y = line(x)").text
    'y = w*x + b'
    >>> read_formula("y = w*x + b").names
    ('y', 'w', 'x', 'b')
    """
    left, right, left_text, right_text = read_equation(text)
    if not isinstance(right, Call):
        return Formula(f"{left_text} = {right_text}", text, left, right, left_text)
    try:
        ready = named(right)
    except RequestError as error:
        raise FormulaError(text, str(error), right.start, right.end) from None
    for name in names(right.tree):
        if name.name in ready.parameters:
            problem = f"{right.name} has a parameter {name.name!r} of its own; write the model out with another name"
            raise FormulaError(text, f"{problem}: {left_text} = {ready.expression}", right.start, right.end)
    source = f"{left_text} = {ready.written(right.text)}"
    left, written, *_ = read_equation(source)
    shown = source if ready.kernel is None else f"{left_text} = {ready.called(right.text)}"
    return Formula(shown, source, left, cast(Node, written), left_text, ready, right.tree)


def bind(formula: Formula, available: Sequence[str], claimed: Collection[str] = ()) -> Model:
    """The Model of a formula for data with these columns."""
    return bind_text(formula.text, tuple(available), frozenset(claimed))


@lru_cache(maxsize=256)
def bind_text(text: str, available: tuple[str, ...], claimed: frozenset[str] = frozenset()) -> Model:
    """The Model of a formula's text; remembered, so that a second fit of the same formula does not read it again.

    >>> bind_text("y = w*x", ("x", "y")).columns
    ('x',)
    """
    formula = read_formula(text)
    known = resolve(formula.source, formula.left, formula.right, available, claimed, formula.ready)
    target_columns = tuple(known.left.values())
    reads = known.right
    ready, argument = formula.ready, formula.argument
    if ready is not None and known.parameters != ready.parameters:
        other = next(name for name in known.parameters if name not in ready.parameters)
        raise FormulaError(text, f"{ready.name} takes an expression of columns, and {other!r} is not a column")

    def target(columns: Columns) -> np.ndarray:
        values = {name: columns[column] for name, column in known.left.items()}
        return np.asarray(evaluate(formula.left, values))

    return Model(
        predict=_predict(formula.right, known, ready, argument),
        parameters=known.parameters,
        columns=tuple(dict.fromkeys(reads.values())) or target_columns[:1],
        target=target,
        target_text=formula.left_text,
        target_columns=tuple(dict.fromkeys(target_columns)),
        text=formula.text,
        latex=f"{latex(formula.left)} = {_latex(formula.right, ready, argument)}",
        start=_starts(ready, argument, known, target),
        key=_key(formula.right, known, ready),
        smooth=_smooth(formula.right, known.parameters),
        recipe=(bind_text, (text, available, claimed)),
    )


def bind_ready(ready: Ready, available: Sequence[str], claimed: Collection[str] = ()) -> Model:
    """The Model of a ready model given as an object: of the column x, or of the only column there is.

    Raises: RequestError if that leaves a choice.

    >>> from downslope.model.ready import line
    >>> bind_ready(line, ["t"]).text
    'w*t + b'
    """
    return _bind_ready(ready, tuple(available), frozenset(claimed))


@lru_cache(maxsize=64)
def _bind_ready(ready: Ready, available: tuple[str, ...], claimed: frozenset[str]) -> Model:
    column = "x" if "x" in available else available[0] if len(available) == 1 else None
    if column is None:
        problem = f"which column is the x of {ready.name}? Write it as a formula: 'TARGET = {ready.called('COLUMN')}'"
        raise RequestError(f"{problem}. Columns: {shortened(available)}")
    word = column_text(column)
    source = ready.written(word)
    tree, argument = read_expression(source), read_expression(word)
    known = resolve(source, None, tree, available, claimed, ready)
    return Model(
        predict=_predict(tree, known, ready, argument),
        parameters=known.parameters,
        columns=(column,),
        target=None,
        target_text=None,
        target_columns=(),
        text=source if ready.kernel is None else ready.called(word),
        latex=_latex(tree, ready, argument),
        start=lambda columns: ready.suggest(np.asarray(columns[column]), None),
        key=_key(tree, known, ready),
    )


def _starts(
    ready: Ready | None, argument: Node | None, known: Names, target: Callable[[Columns], np.ndarray]
) -> Starts:
    """What a ready model suggests from its column, and from the target where that is among the columns given."""
    if ready is None or argument is None:
        return no_starts

    def start(columns: Columns) -> Mapping[str, float]:
        y = target(columns) if all(column in columns for column in known.left.values()) else None
        x = evaluate(argument, {name: columns[column] for name, column in known.right.items()})
        return ready.suggest(np.asarray(x), y)

    return start


def _latex(right: Node, ready: Ready | None, argument: Node | None) -> str:
    short = ready is not None and ready.latex is not None and isinstance(argument, Name) and argument.name == "x"
    return str(ready.latex) if short and ready is not None else latex(right)


KINKED = ("abs", "relu", "minimum", "maximum", "where", "sign", "floor")


def _smooth(right: Node, parameters: Collection[str]) -> bool:
    """Whether no parameter stands inside a function with a kink, or in the condition of a `where`.

    >>> _smooth(read_expression("w*relu(x)"), ["w"]), _smooth(read_expression("relu(x - k)"), ["k"])
    (True, False)
    """
    return not any(
        isinstance(node, Apply)
        and node.op in KINKED
        and any(name.name in parameters for name in names(node.args[0] if node.op == "where" else node))
        for node in postorder(right)
    )


def _predict(right: Node, known: Names, ready: Ready | None, argument: Node | None) -> Any:
    """The function (params, columns) -> (n,) of a right side."""
    nodes = postorder(right, into_constants=False)
    reads, parameters = tuple(known.right.items()), tuple(enumerate(known.parameters))
    kernel = ready.kernel if ready is not None else None

    def predict(params: Any, columns: Mapping[str, Any]) -> Any:
        values = {name: columns[column] for name, column in reads}
        if kernel is not None and argument is not None:
            return kernel(params, evaluate(argument, values))
        jax = sys.modules.get("jax")
        if jax is not None and isinstance(params, jax.Array):
            take = jax.lax.index_in_dim  # one operation; params[k] would be five
            values.update((name, take(params, k, keepdims=False)) for k, name in parameters)
        else:
            values.update((name, params[k]) for k, name in parameters)
        answer = evaluate(nodes, values)
        return answer if reads else _for_every_row(answer, columns)

    return predict


def _for_every_row(answer: Any, columns: Mapping[str, Any]) -> Any:
    """A constant model's value once for each row."""
    rows = next(iter(columns.values()), None)
    if rows is None:
        return answer
    jax = sys.modules.get("jax")
    if jax is not None and (isinstance(answer, jax.Array) or isinstance(rows, jax.Array)):
        return jax.numpy.broadcast_to(answer, rows.shape)
    return np.full(np.shape(rows), answer)


def _key(right: Node, known: Names, ready: Ready | None) -> str:
    """What the prediction computes, as text: equal for formulas that differ in spaces only."""
    words = [ready.name if ready is not None and ready.kernel is not None else "formula", repr(known.parameters)]
    for node in postorder(right, into_constants=False):
        if isinstance(node, Name):
            words.append(repr(known.right.get(node.name, node.name)))
        elif (value := constant(node)) is not None:
            words.append(value.hex())
        elif isinstance(node, Apply):
            words.append(f"{node.op}/{len(node.args)}")
    return " ".join(words)
