"""Losses whose minimum sits on kinks, mae and quantile, descended to the minimum itself."""

from downslope.descent.kinks.descend import Point, descend_kinks
from downslope.descent.kinks.kinked import Kinked
from downslope.descent.kinks.sparsity import sparsity_covariance

__all__ = ["Kinked", "Point", "descend_kinks", "sparsity_covariance"]
