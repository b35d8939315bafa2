"""What it looks like: values in, a Scene out; renderers draw Scenes. NumPy only until a renderer is used."""

from downslope.pictures.fitted import fitted
from downslope.pictures.gauge import gauge
from downslope.pictures.hinges import hinges
from downslope.pictures.loss_against import loss_against
from downslope.pictures.loss_curve import loss_curve
from downslope.pictures.path import path, plane
from downslope.pictures.predicted import predicted
from downslope.pictures.rates import rates
from downslope.pictures.residuals import residuals
from downslope.pictures.scene import Scene
from downslope.pictures.steps import steps
from downslope.pictures.units import units

__all__ = [
    "Scene", "fitted", "gauge", "hinges", "loss_against", "loss_curve", "path", "plane", "predicted", "rates",
    "residuals", "steps", "units",
]  # fmt: skip
