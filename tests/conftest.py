"""What every test runs under: checked shapes, no silent broadcasting, the same examples each time."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from inspect import get_annotations
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import pytest
from hypothesis import settings

# Read by JAX and Matplotlib when they are imported; most tests of the reading room never do.
os.environ["JAX_NUMPY_RANK_PROMOTION"] = "raise"
os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("downslope", derandomize=True, deadline=None, database=None)
settings.load_profile("downslope")


def has_shape(annotation: Any) -> bool:
    """Whether an annotation names the shape of an array, as those of downslope.arrays do."""
    from jaxtyping import AbstractArray

    if isinstance(annotation, type) and issubclass(annotation, AbstractArray):
        return True
    return any(has_shape(part) for part in get_args(annotation))


def check_shapes() -> None:
    """Check the shapes in downslope's annotations at each call; to be asked for before its first import."""
    from beartype import BeartypeConf, beartype
    from jaxtyping import install_import_hook

    checked = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float

    def check(function: Callable) -> Callable:
        return checked(function) if any(map(has_shape, get_annotations(function).values())) else function

    checker = ModuleType("checker_of_shapes")  # the hook wants its checker by name
    checker.check = check
    sys.modules[checker.__name__] = checker
    install_import_hook("downslope", f"{checker.__name__}.check")


if not os.environ.get("DOWNSLOPE_NO_TYPECHECK"):
    check_shapes()

# Strict dtypes hold where the arithmetic is ours: Optax's rules and schedules themselves mix float and int32 (0.2.8).
STRICT_ROOMS = ("model", "objective", "probe")


@pytest.fixture(autouse=True)
def strict_dtypes(request: pytest.FixtureRequest) -> Iterator[None]:
    """In JAX, float32 with float64 or an int with a float raises instead of being promoted."""
    if request.path.parent.name not in STRICT_ROOMS:
        yield
        return
    import jax

    with jax.numpy_dtype_promotion("strict"):
        yield


@pytest.fixture(scope="session")
def seeds() -> dict[str, Any]:
    """The golden values: what other engines and exact arithmetic answer to the lessons' problems."""
    return json.loads((Path(__file__).parent / "golden" / "seeds.json").read_text())


@pytest.fixture
def compiled():
    """The programs that JAX compiles from here on."""
    from jax import monitoring

    seen = []

    def listen(event, seconds, **_):
        if "backend_compile" in event:
            seen.append(event)

    monitoring.register_event_duration_secs_listener(listen)
    yield seen
    monitoring.unregister_event_duration_listener(listen)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The one Chromium of all tests that look at pages: Playwright runs once in a process."""
    import chromium

    with chromium.launched() as opened:
        yield opened
