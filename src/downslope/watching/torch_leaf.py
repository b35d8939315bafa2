"""Leaf: a tensor of PyTorch that is trained, read where its numbers stand."""

from typing import Any

import numpy as np


class Leaf:
    """A tensor that is trained, where its numbers stand, and its gradient when it was last seen."""

    __slots__ = (
        "_home",
        "_kind",
        "_pointer",
        "_slope",
        "_slope_at",
        "gradient",
        "length",
        "shadow",
        "tensor",
        "version",
        "view",
        "where",
        "written",
    )

    def __init__(self, tensor: Any, start: int) -> None:
        self.where = slice(start, start + tensor.numel())
        self.gradient: Any = None
        self.shadow: Any = None
        self.length = 0.0
        self.version = self.written = -1
        self.hold(tensor)

    def untouched(self, gradient: Any) -> bool:
        """Whether this is the gradient that was last seen. Of large models none is held, as it could not be freed."""
        held = self.gradient if self.shadow is None else self.shadow()
        return gradient is held and gradient._version == self.version

    def hold(self, tensor: Any) -> None:
        """Stand for this tensor from now on."""
        self.tensor, self._pointer, self.view = tensor, tensor.data_ptr(), None
        self._slope: Any = None
        self._slope_at = -1
        self._kind = tensor.dtype
        # numbers that NumPy can read where they stand: nothing is copied for that
        self._home = plain(tensor)
        if self._home:
            self.view = tensor.detach().numpy().reshape(-1)

    def values(self) -> np.ndarray:
        """Its numbers now, flat."""
        if self.tensor.data_ptr() != self._pointer:
            self.hold(self.tensor)
        return self.view if self.view is not None else flat(self.tensor)

    def moved_away(self) -> bool:
        """Whether its numbers stand in another place of memory by now."""
        return bool(self.tensor.data_ptr() != self._pointer)

    def slope(self, gradient: Any) -> np.ndarray:
        """The numbers of its gradient now, flat."""
        if gradient is self.gradient and self._slope is not None and gradient.data_ptr() == self._slope_at:
            return self._slope
        if self._home and gradient.dtype is self._kind and plain(gradient):
            self._slope_at = gradient.data_ptr()
            slope: np.ndarray = gradient.detach().numpy().reshape(-1)
            self._slope = slope
            return slope
        self._slope = None
        return flat(gradient)


def plain(tensor: Any) -> bool:
    """Whether NumPy can read these numbers where they stand."""
    return bool(tensor.is_cpu and not tensor.is_sparse and tensor.is_contiguous() and tensor.dtype.itemsize in (4, 8))


def flat(tensor: Any) -> np.ndarray:
    """The numbers of a tensor of any kind, in one row."""
    tensor = tensor.detach()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    if tensor.device.type != "cpu" or str(tensor.dtype)[6:] not in ("float32", "float64"):
        tensor = tensor.double().cpu()
    return tensor.numpy().reshape(-1)
