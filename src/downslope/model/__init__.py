"""What is fitted. The room's verb is `as_model`; reading a formula imports no JAX."""

from downslope.model.binding import as_model, names_in
from downslope.model.formula import Formula, evaluate, read_formula
from downslope.model.function import arguments
from downslope.model.model import Model
from downslope.model.purity import check_model, check_rows_apart
from downslope.model.ready import Ready, exponential, gaussian, line, logistic, polynomial, relu_sum
from downslope.model.restricted import Restriction, restrict
from downslope.model.truth import match_truth

__all__ = [
    "Formula",
    "Model",
    "Ready",
    "Restriction",
    "arguments",
    "as_model",
    "check_model",
    "check_rows_apart",
    "evaluate",
    "exponential",
    "gaussian",
    "line",
    "logistic",
    "match_truth",
    "names_in",
    "polynomial",
    "read_formula",
    "relu_sum",
    "restrict",
]
