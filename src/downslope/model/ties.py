"""Ties: parameters that follow other parameters by a formula, such as b2 = "2*b1"."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from downslope.errors import FormulaError, RequestError, UnknownName
from downslope.model.equation import read_expression
from downslope.model.formula import KINKED
from downslope.model.model import Model
from downslope.model.tree import Apply, Node, constant, names, postorder


@dataclass(frozen=True)
class Tie:
    """A parameter that follows others.

    place: of the parameter among all of the model's; text: its formula; reads: the names in it, each with its place;
    nodes: its tree in `postorder`.
    """

    place: int
    text: str
    reads: tuple[tuple[str, int], ...]
    nodes: tuple[Node, ...] = field(compare=False)


def read_ties(model: Model, tied: Mapping[str, str]) -> tuple[Tie, ...]:
    """The ties, each after those that it reads.

    Args:   tied: parameter -> formula of other parameters of the model, as text.
    Raises: FormulaError for a formula that cannot be read, or that reads a column of the data; UnknownName for a name
        that the model does not have; RequestError for one that reads no parameter, and for a circle.

    >>> from downslope.model import as_model
    >>> model = as_model("y = a*x**2 + b*x + c", ["x", "y"])
    >>> [tie.text for tie in read_ties(model, {"a": "b/2", "b": "3*c"})]
    ['3*c', 'b/2']
    """
    ties = {name: _read(model, name, text) for name, text in tied.items()}
    order = TopologicalSorter({name: [read for read, _ in tie.reads if read in ties] for name, tie in ties.items()})
    try:
        return tuple(ties[name] for name in order.static_order())
    except CycleError as circle:
        # each is read by the one after it; told from the first tie on
        round_trip = list(reversed(circle.args[1]))[:-1]
        begin = min(range(len(round_trip)), key=lambda k: ties[round_trip[k]].place)
        first, *rest = (*round_trip[begin:], *round_trip[:begin])
        told = "".join(f"{name}, which is tied to " for name in rest)
        told = f"{first} is tied to {told}{first}" if rest else f"{first} is tied to itself"
        raise RequestError(f"ties go in a circle: {told}. Leave one of them free") from None


def _read(model: Model, name: str, text: str) -> Tie:
    try:
        tree = read_expression(text)
    except FormulaError as error:
        raise FormulaError(text, f"the tie of {name!r}: {error.problem}", error.start, error.end) from None
    columns = {*model.columns, *model.target_columns}
    found = names(tree)
    for read in found:
        if read.quoted or (read.name in columns and read.name not in model.parameters):
            problem = f"the tie of {name!r} reads the column {read.name!r}; a tie is a formula of other parameters only"
            raise FormulaError(text, problem, read.start, read.end)
        if read.name not in model.parameters:
            raise UnknownName(f"parameter in the tie of {name!r}:", read.name, model.parameters)
    if not found:
        value = constant(tree)
        raise RequestError(f"the tie of {name!r} is {text!r}, a number; say fixed={{{name!r}: {value!r}}}")
    reads = tuple((read.name, model.parameters.index(read.name)) for read in found)
    return Tie(model.parameters.index(name), text, reads, postorder(tree, into_constants=False))


def kinked(tie: Tie) -> bool:
    """Whether the slope of a tie jumps somewhere, as that of abs(b) does."""
    return any(isinstance(node, Apply) and node.constant is None and node.op in KINKED for node in tie.nodes)
