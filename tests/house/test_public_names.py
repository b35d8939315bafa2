"""The public names: listed once, resolved at first use, none leaks and none is missing."""

import ast
import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import downslope


def test_listed_once_and_sorted():
    assert list(downslope.__all__) == sorted(set(downslope.__all__))


def test_every_listed_name_resolves():
    assert [name for name in downslope.__all__ if isinstance(getattr(downslope, name), ModuleType)] == []


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = downslope.no_such_name


def test_dir_lists_the_public_names():
    assert set(downslope.__all__) <= set(dir(downslope))


def test_nothing_else_leaks():
    code = "import downslope; print(*(name for name in vars(downslope) if not name.startswith('_')))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert set(result.stdout.split()) <= set(downslope.__all__)


def test_no_name_is_hidden_by_a_module_of_the_same_name(modules):
    """Importing downslope.x binds the module as downslope.x, over a function x: the two may not share a name."""
    assert sorted(set(downslope.__all__) & {module.room for module in modules.values()}) == []


def test_names_for_types_are_the_public_names(modules):
    """Where names are imported for type checkers too, that list is the same one."""
    typed = [
        node
        for node in modules["downslope"].tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    names = {
        alias.asname or alias.name
        for block in typed
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert not names or names == set(downslope.__all__)


def test_a_public_name_is_of_downslope():
    """Another package's object is not ours to hand on."""
    homes = {name: inspect.getmodule(getattr(downslope, name)) for name in downslope.__all__}
    assert {
        name: home.__name__ for name, home in homes.items() if home and home.__name__.split(".")[0] != "downslope"
    } == {}
