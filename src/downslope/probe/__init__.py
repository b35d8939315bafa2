"""Asked standing still: curvature, the minimum nearby, how certain it is, and where else to look."""

from downslope.probe.certificate import Starts, certificate
from downslope.probe.curvature import gradient, hessian
from downslope.probe.gradient_check import GradientCheck, check
from downslope.probe.jacobian import jacobian
from downslope.probe.landscape import losses_at
from downslope.probe.look import look
from downslope.probe.minimum import Looker, Minimum, minimum
from downslope.probe.starts import propose
from downslope.probe.uncertainty import uncertainty

__all__ = [
    "GradientCheck",
    "Looker",
    "Minimum",
    "Starts",
    "certificate",
    "check",
    "gradient",
    "hessian",
    "jacobian",
    "look",
    "losses_at",
    "minimum",
    "propose",
    "uncertainty",
]
