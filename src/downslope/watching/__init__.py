"""Watch: an unchanged loop of PyTorch, TensorFlow, Keras or JAX, seen from outside, as a History. NumPy only.

Frameworks are never imported here: what is watched is taken from those that are.
"""

from downslope.watching.watch import Watch, watch

__all__ = ["Watch", "watch"]
