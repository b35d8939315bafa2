"""Asked standing still: curvature, the shape of the valley, a gradient written by hand."""

from downslope.probe.curvature import hessian, undetermined
from downslope.probe.gradient_check import GradientCheck, check
from downslope.probe.landscape import losses_at

__all__ = ["GradientCheck", "check", "hessian", "losses_at", "undetermined"]
