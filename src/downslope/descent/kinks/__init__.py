"""Losses whose minimum sits on kinks, mae and quantile, descended to the minimum itself."""

from downslope.descent.kinks.descend import Point, descend_kinks
from downslope.descent.kinks.globbed import Met, Scattered, descend_scattered
from downslope.descent.kinks.globs import Kinks
from downslope.descent.kinks.kinked import Kinked
from downslope.descent.kinks.scattered_sparsity import scattered_covariance
from downslope.descent.kinks.sparsity import sparsity_covariance

__all__ = [
    "Kinked",
    "Kinks",
    "Met",
    "Point",
    "Scattered",
    "descend_kinks",
    "descend_scattered",
    "scattered_covariance",
    "sparsity_covariance",
]
