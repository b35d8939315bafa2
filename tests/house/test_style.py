"""What no file of the project may have. The words are in the house style; the reasons beside the tests."""

import ast
import re
from pathlib import Path

WALL = 400  # lines: at 250, look for the second concept
LESSON = 40  # lines: a script that is read standing
DRAWERS = re.compile(r"^(utils?|helpers?|misc|common)$")  # drawers without a purpose
FROM_TEXT = {"eval", "exec", "compile", "__import__"}
FROM_BYTES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
SKIPPED = {".git", ".venv", "vendor", "build", "dist"}


def files(project: Path, folder: str, *suffixes: str) -> list[Path]:
    found = (path for path in (project / folder).rglob("*") if path.suffix in suffixes and path.is_file())
    return sorted(path for path in found if not SKIPPED & set(path.relative_to(project).parts))


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_longer_than_the_wall(project):
    sources = files(project, "src", ".py", ".js", ".css") + files(project, "tools", ".py")
    assert [f"{path.relative_to(project)}: {lines(path)}" for path in sources if lines(path) > WALL] == []


def test_lessons_are_short(project):
    lessons = files(project, "examples", ".py")
    assert [f"{path.relative_to(project)}: {lines(path)}" for path in lessons if lines(path) >= LESSON] == []


def test_no_drawers(project):
    named = [
        path
        for folder in ("src", "tests", "examples", "benchmarks", "tools")
        for path in files(project, folder, ".py", ".js")
    ]
    parts = ((path, Path(part).stem) for path in named for part in path.relative_to(project).parts)
    assert [str(path) for path, part in parts if DRAWERS.match(part)] == []


TRAVELS = "downslope.objective.travel"
"""What a worker of a cluster is sent comes from the user's own session, through the scheduler that he names; Dask
itself sends it no other way.
"""


def test_nothing_is_run_from_text_or_bytes(modules):
    """Formulas and saved runs come from strangers."""
    astray = []
    for module in modules.values():
        if module.name == TRAVELS:
            continue
        for node in ast.walk(module.tree):
            match node:
                case ast.Call(ast.Name(name)) if name in FROM_TEXT:
                    astray.append(f"{module.name}:{node.lineno} {name}")
                case ast.Call(ast.Attribute(ast.Name("builtins"), name)) if name in FROM_TEXT:
                    astray.append(f"{module.name}:{node.lineno} {name}")
                case ast.Import(names) if {alias.name.partition(".")[0] for alias in names} & FROM_BYTES:
                    astray.append(f"{module.name}:{node.lineno} pickle")
                case ast.ImportFrom(origin) if (origin or "").partition(".")[0] in FROM_BYTES:
                    astray.append(f"{module.name}:{node.lineno} pickle")
                case ast.keyword("allow_pickle", value) if not (
                    isinstance(value, ast.Constant) and value.value is False
                ):
                    astray.append(f"{module.name}:{value.lineno} allow_pickle")
    assert astray == []


def test_no_bare_assert(modules):
    """`python -O` removes them, and they tell a user nothing."""
    astray = [
        f"{m.name}:{node.lineno}" for m in modules.values() for node in ast.walk(m.tree) if isinstance(node, ast.Assert)
    ]
    assert astray == []


def test_nothing_is_left_for_later(modules):
    marks = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b")
    astray = []
    for module in modules.values():
        text = module.path.read_text(encoding="utf-8").splitlines()
        astray += [f"{module.name}:{number}" for number, line in enumerate(text, 1) if marks.search(line)]
    assert astray == []


def test_every_module_says_what_it_is(modules):
    assert [module.name for module in modules.values() if not ast.get_docstring(module.tree)] == []
