"""What a repair tried, and what it kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from downslope.plan import Plan, differing
from downslope.repair.again import as_python


@dataclass(frozen=True)
class Trial:
    """One change that was tried on the same budget: what, why, the loss it led to (nan if it was refused), and whether
    it cured what it was meant to cure.
    """

    change: Mapping[str, Any]
    reason: str
    loss: float
    steps: int
    cured: bool


@dataclass(frozen=True, eq=False)
class Repair:
    """What came of a repair.

    Attributes:
        fit       the better fit; the same as before if nothing was better
        before    the fit that was to be repaired
        tried     every change that was tried, in order, the smallest first
        reason    what was wrong and what became of it, in sentences; names the rows when the fault is in the data
        changes   field of Plan -> (before, after), empty if nothing was changed
        python    the line of Python that gives the better fit
    """

    fit: Any
    before: Any
    tried: tuple[Trial, ...]
    reason: str
    interrupted: bool = False
    """Whether somebody stopped it before all changes were tried."""

    @property
    def changed(self) -> bool:
        """Whether something better was found."""
        return self.fit is not self.before

    @property
    def changes(self) -> Mapping[str, tuple[Any, Any]]:
        """The Plan's fields that differ."""
        return difference(self.before.plan, self.fit.plan)

    @property
    def python(self) -> str:
        """What to write to have this fit again; `data` stands for the data."""
        return as_python(self.fit.run)

    def __str__(self) -> str:
        lines = [self.reason, *(f"  {line}" for line in self.listed), *([f"  {self.python}"] if self.changed else [])]
        return "\n".join(lines)

    @property
    def listed(self) -> tuple[str, ...]:
        """Each change, and what became of the loss, one text each; empty if nothing was changed."""
        if not self.changed:
            return ()
        changes = (f"{name}: {shown(old)} -> {shown(new)}" for name, (old, new) in self.changes.items())
        return (*changes, f"loss: {self.before.loss:.6g} -> {self.fit.loss:.6g}")


def difference(before: Plan, after: Plan) -> dict[str, tuple[Any, Any]]:
    """The fields of two plans that differ, but for `repair`, which is no part of how a run goes.

    >>> difference(Plan(learning_rate=0.1, steps=9), Plan(learning_rate=0.2, steps=9))
    {'learning_rate': (0.1, 0.2)}
    """
    differ = [name for name in differing(before, after) if name != "repair"]
    return {name: (getattr(before, name), getattr(after, name)) for name in differ}


def shown(value: Any) -> str:
    """A setting in a sentence."""
    if hasattr(value, "init") and hasattr(value, "update"):
        return "an optax transformation"
    if callable(value):
        return str(getattr(value, "__name__", type(value).__name__))
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping) and list(value) == ["described"]:
        return str(value["described"])
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) + "}" if value else "none"
    return "none" if value is None else str(value)
