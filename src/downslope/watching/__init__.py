"""An unchanged loop of PyTorch, TensorFlow, Keras or JAX, seen from outside, as a Run. NumPy only.

Frameworks are never imported here: what is watched is taken from those that are.
"""

from downslope.watching.outcome import as_run
from downslope.watching.patches import Patches
from downslope.watching.seen import Seen

__all__ = ["Patches", "Seen", "as_run"]
