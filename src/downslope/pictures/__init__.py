"""What it looks like: values in, a Scene out; renderers draw Scenes. NumPy only until a renderer is used."""

from downslope.pictures.fitted import fitted
from downslope.pictures.loss_against import loss_against
from downslope.pictures.loss_curve import loss_curve
from downslope.pictures.path import path
from downslope.pictures.predicted import predicted
from downslope.pictures.scene import Scene

__all__ = ["Scene", "fitted", "loss_against", "loss_curve", "path", "predicted"]
