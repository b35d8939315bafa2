"""How it moves: step rules, their rates, and the one loop that runs them all."""

from downslope.descent.descend import Block, Descent, descend
from downslope.descent.interrupt import until_interrupted
from downslope.descent.rates import Rates, as_rates
from downslope.descent.rules import Rule, as_rule

__all__ = ["Block", "Descent", "Rates", "Rule", "as_rates", "as_rule", "descend", "until_interrupted"]
