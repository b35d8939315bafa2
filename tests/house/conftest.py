"""The sources as the tests of the house read them."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PACKAGE = PROJECT / "src" / "downslope"


@dataclass(frozen=True)
class Module:
    """One file of the package, parsed."""

    name: str  # "downslope.data.table"; a room's __init__ is "downslope.data"
    path: Path
    tree: ast.Module
    is_package: bool

    @property
    def room(self) -> str:
        """The first name below the package: "data", "fit"; "" for the package itself."""
        return self.name.partition(".")[2].partition(".")[0]


def parse(path: Path) -> Module:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if is_package else parts)
    return Module(name, path, ast.parse(path.read_text(encoding="utf-8")), is_package)


@pytest.fixture(scope="session")
def project() -> Path:
    """The folder with pyproject.toml."""
    return PROJECT


@pytest.fixture(scope="session")
def modules() -> dict[str, Module]:
    """Every module of the package by its name."""
    found = [parse(path) for path in sorted(PACKAGE.rglob("*.py"))]
    assert found, f"no sources in {PACKAGE}"
    return {module.name: module for module in found}
