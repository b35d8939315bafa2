"""Device: on which processor JAX computes, for the length of a block; the process-wide setting stays the user's."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any

from downslope.errors import RequestError

PLATFORMS = {"cpu": ("cpu",), "gpu": ("cuda", "rocm")}
"""What JAX calls them. Apple's METAL is not among them: it has no float64."""
PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin", "jax_rocm7_plugin", "jax_rocm60_plugin")


def on_device(name: str | None) -> AbstractContextManager[Any]:
    """The scope in which JAX computes on a device of this kind; None: on the one that JAX would take by itself.

    Raises: RequestError if there is none, with what there is and what is missing.

    >>> with on_device("cpu"):
    ...     on_gpu()
    False
    """
    if name is None:
        return nullcontext()
    import jax

    for platform in PLATFORMS[name]:
        try:
            return jax.default_device(jax.devices(platform)[0])
        except RuntimeError:
            continue
    raise RequestError(_missing(name))


def _missing(name: str) -> str:
    import jax

    seen = sorted({each.platform for each in jax.devices()})
    if any(find_spec(plugin) for plugin in PLUGINS):
        why = "JAX's package for it is installed, but finds no card, or a driver that is too old for it"
    elif "METAL" in seen:
        why = "Apple's GPU has no numbers of 64 bits, which everything here is computed in"
    else:
        why = "for a card of NVIDIA's: pip install 'downslope[cuda]'"
    return f"device is {name!r}, and JAX finds none here, only {', '.join(seen)}: {why}. Or leave device out"


def _default() -> Any:
    """What was chosen in this thread: a device, the name of a platform, or None."""
    import jax

    return jax.config.jax_default_device  # type: ignore[attr-defined]  # made when JAX is imported


def on_gpu() -> bool:
    """Whether what JAX computes next in this thread is computed on a graphics processor."""
    return _platform() in ("gpu", *PLATFORMS["gpu"])


def _platform() -> str:
    import jax

    device = _default()
    if device is None:
        return str(jax.default_backend())
    return str(getattr(device, "platform", device))


def device_name() -> str:
    """The device that computes next in this thread, as it is called: "cpu", "NVIDIA H200"."""
    import jax

    device = _default()
    found = device if hasattr(device, "device_kind") else jax.devices(device)[0]
    return str(found.device_kind)


def same_device() -> Callable[[], AbstractContextManager[Any]]:
    """The device of this thread, to be taken to another thread: what it gives there is a scope in which that one
    computes where this one does.
    """
    import jax

    device = _default()
    return nullcontext if device is None else lambda: jax.default_device(device)
