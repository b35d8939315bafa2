"""How it moves: step rules, their rates, the one loop that runs them all, and solvers that need no loop."""

from downslope.descent.closed_form import Straight, solve
from downslope.descent.descend import Block, Descent, descend, standing
from downslope.descent.interrupt import until_interrupted
from downslope.descent.rates import Rates, as_rates
from downslope.descent.rules import SEARCHES, SOLVERS, Rule, as_rule, searching

__all__ = [
    "SEARCHES",
    "SOLVERS",
    "Block",
    "Descent",
    "Rates",
    "Rule",
    "Straight",
    "as_rates",
    "as_rule",
    "descend",
    "searching",
    "solve",
    "standing",
    "until_interrupted",
]
