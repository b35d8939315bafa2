"""What must not be loaded to begin with: the command line answers at once, and a saved run opens without JAX."""

import os
import subprocess
import sys

HEAVY = {"jax", "jaxlib", "optax", "numpy", "scipy", "polars", "narwhals", "matplotlib", "pandas", "pyarrow"}
READING_ROOMS = {"plan", "data", "history", "diagnosis", "repair", "pictures", "report"}


def python(*args: str) -> subprocess.CompletedProcess[str]:
    # not from a folder with sources in it: what is installed is what is tested
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, timeout=60, env=environment, check=False
    )


def loaded_by(*imported: str) -> set[str]:
    """The top-level packages that are loaded after importing these modules in a fresh process."""
    code = f"import {', '.join(imported)}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_importing_downslope_loads_nothing_heavy():
    assert loaded_by("downslope") & HEAVY == set()


def test_errors_and_plan_load_nothing_heavy():
    assert loaded_by("downslope.errors", "downslope.choice") & HEAVY == set()


def test_help_loads_nothing_heavy():
    for asked in (["--help"], ["fit", "--help"], ["--version"]):
        result = python("-X", "importtime", "-m", "downslope", *asked)
        assert result.returncode == 0, result.stderr[-2000:]
        lines = (line for line in result.stderr.splitlines() if line.startswith("import time:"))
        loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
        assert "downslope" in loaded
        assert loaded & HEAVY == set(), asked


def test_the_reading_room_needs_no_jax(modules):
    rooms = sorted(name for name, module in modules.items() if module.room in READING_ROOMS)
    assert rooms
    assert loaded_by(*rooms) & {"jax", "jaxlib", "optax"} == set()
