"""Which names of a formula are columns and which are parameters, and what is suspicious about them.

A name is the column of that name if there is one, else a parameter. A name that the user gave a start is a parameter;
if there also is such a column, one of the two has to be renamed, because a reader could not tell which is meant.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from keyword import iskeyword

from downslope.errors import FormulaError, RequestError, UnknownName, shortened
from downslope.model.lookalikes import twin
from downslope.model.ready import Ready
from downslope.model.tree import Name, Node, names
from downslope.model.vocabulary import CONSTANTS, FUNCTIONS, SAME

SHORTEST_LIKELY_TYPO = 4
CLOSE = 0.8
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True)
class Names:
    """The names of both sides: from names as the formula writes them to columns; and the parameters in order."""

    left: Mapping[str, str]
    right: Mapping[str, str]
    parameters: tuple[str, ...]


def resolve(
    source: str,
    left: Node | None,
    right: Node,
    available: Sequence[str],
    claimed: Collection[str] = (),
    ready: Ready | None = None,
) -> Names:
    """Sort the names of a formula into columns and parameters.

    Args:   source: the text that the places in the trees refer to. left: None where the target is named elsewhere.
            ready: the ready model that was written out; its parameters are parameters.
    Raises: FormulaError, UnknownName.
    """
    table = _Table(source, available, frozenset(claimed), ready)
    targets: dict[str, str] = {}
    for name in names(left) if left is not None else ():
        column = table.column(name)
        if column is None:
            raise UnknownName("column", name.name, available) if name.name not in claimed else table.clash(name)
        targets[name.name] = column
    if left is not None and not targets:
        raise FormulaError(source, "the left side must be a column, or an expression of columns", left.start, left.end)
    reads: dict[str, str] = {}
    parameters: dict[str, Name] = {}
    for name in names(right):
        column = table.column(name)
        if column is not None:
            reads[name.name] = column
        else:
            parameters[name.name] = name
    for name in names(right):
        if (
            left is not None
            and reads.get(name.name) in targets.values()
            and set(targets.values()) <= set(reads.values())
        ):
            problem = f"the target {name.name!r} is also on the right side: the model would predict it from itself"
            raise FormulaError(source, problem, name.start, name.end)
    unused = [column for column in available if column not in {*targets.values(), *reads.values()}]
    for name in parameters.values():
        table.check_meant(name, unused, any_column=bool(reads))
    table.check_twins([*targets, *reads, *parameters])
    if not parameters:
        problem = "there is nothing to fit: the right side has no parameter; write for example y = w*x + b"
        raise FormulaError(source, problem, right.start, right.end)
    return Names(targets, reads, tuple(parameters))


class _Table:
    """The columns, asked by name."""

    def __init__(self, source: str, available: Sequence[str], claimed: frozenset[str], ready: Ready | None) -> None:
        self.source, self.available, self.claimed = source, available, claimed
        self.exact = frozenset(available)
        self.own = frozenset(ready.parameters) if ready is not None else frozenset()
        self.ready = ready
        self.normal: dict[str, list[str]] = {}
        for column in available:
            if not column.isascii():
                self.normal.setdefault(unicodedata.normalize("NFKC", column), []).append(column)

    def column(self, name: Name) -> str | None:
        """The column of this name, None for a parameter."""
        if name.quoted:
            if name.name in self.exact:
                return name.name
            raise UnknownName("column", name.name, self.available)
        found = [name.name] if name.name in self.exact else self.normal.get(name.name, [])
        if found and (name.name in self.claimed or name.name in self.own):
            raise self.clash(name)
        if len(found) > 1:
            problem = f'{name.name!r} can be any of the columns {shortened(found)}; write col("…")'
            raise FormulaError(self.source, problem, name.start, name.end)
        return found[0] if found else None

    def clash(self, name: Name) -> RequestError:
        """The error for a name that would be both."""
        other = f"{name.name}0" if f"{name.name}0" not in self.exact else f"{name.name}_parameter"
        if name.name in self.own and self.ready is not None:
            whose = f"{name.name!r} is a parameter of {self.ready.name} and also a column"
            problem = f"{whose}; write the model out with another name"
        elif name.name in self.exact:
            problem = (
                f"{name.name!r} has a start, so it is a parameter, but it is also a column. Rename the parameter, "
                f"for example {other!r}; or leave out its start to use the column, also written col({name.name!r})"
            )
        else:
            problem = f"{name.name!r} has a start, so it is a parameter, but the left side must be a column"
        return FormulaError(self.source, problem, name.start, name.end)

    def check_meant(self, name: Name, unused: Sequence[str], any_column: bool) -> None:
        """Refuse a parameter whose name was most likely meant to be that of an unused column."""
        if name.name in self.claimed or name.name in self.own:
            return
        column = _meant(name.name, unused, any_column)
        if column is not None:
            problem = (
                f"unknown name {name.name!r}: did you mean the column {column_text(column)!r}? If it is meant as a "
                f'parameter, give it a start: start={{"{name.name}": 1}} or --start.{name.name} 1. '
                f"Columns: {shortened(self.available)}"
            )
            raise FormulaError(self.source, problem, name.start, name.end)

    def check_twins(self, used: Sequence[str]) -> None:
        """Refuse two names that look the same and are not."""
        if all(name.isascii() for name in (*used, *self.available)):
            return
        for name in used:
            other = twin(name, [*used, *self.available])
            if other is not None and other not in self.normal.get(name, []):
                problem = f"{name!r} and {other!r} look the same but are spelled with different letters; rename one"
                raise FormulaError(self.source, problem, max(self.source.find(name), 0))


def _meant(name: str, columns: Sequence[str], any_column: bool) -> str | None:
    """The column that a name misspells. Numbered names (beta1, beta2) are not each other's misspellings.

    Short names resemble each other too easily; for them only the other case of the same letters counts, and only when
    the formula uses no column at all.
    """
    wanted, stem = name.casefold(), _without_digits(name.casefold())
    folded = {column.casefold(): column for column in reversed(columns)}
    if len(wanted) < SHORTEST_LIKELY_TYPO:
        return None if any_column else folded.get(wanted)
    if wanted in folded:
        return folded[wanted]
    reach = len(wanted) * (1 / CLOSE - 1) * 2  # a ratio of CLOSE allows no larger difference of lengths
    likely = [
        other for other in folded if len(other) >= SHORTEST_LIKELY_TYPO and abs(len(other) - len(wanted)) <= reach
    ]
    near = get_close_matches(wanted, [other for other in likely if _without_digits(other) != stem], n=1, cutoff=CLOSE)
    return folded[near[0]] if near else None


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "", name)


def column_text(column: str) -> str:
    """How a column is written in a formula.

    >>> column_text("x"), column_text("decay rate"), column_text("exp")
    ('x', 'col("decay rate")', 'col("exp")')
    """
    taken = column in FUNCTIONS or column in SAME or column in CONSTANTS or column == "col" or iskeyword(column)
    plain = column.isidentifier() and unicodedata.normalize("NFKC", column) == column
    if plain and not taken and not column.startswith("__"):
        return column
    escaped = "".join(_ESCAPES.get(letter, letter) for letter in column)
    return f'col("{escaped}")'
