"""Who may import whom. The table is the drawing of the house; a new room or door enters here first."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

MAY_IMPORT: dict[str, set[str]] = {
    "plan": set(),
    "data": set(),
    "arrays": set(),
    "device": set(),
    "model": {"arrays"},
    "history": {"plan"},
    "objective": {"arrays", "device", "data", "model"},
    "descent": {"arrays", "plan", "history", "data", "objective"},
    "probe": {"arrays", "plan", "history", "data", "model", "objective", "descent"},
    "watching": {"plan", "history", "diagnosis"},  # frameworks through sys.modules
    "diagnosis": {"history"},
    "pictures": {"history", "diagnosis"},
    "repair": {"plan", "history", "diagnosis"},
    "report": {"plan", "history", "diagnosis", "repair", "pictures"},
}
EVERYONE = {"errors", "choice", "whole_file", "cores"}  # may be imported by all, import nothing but each other
CONDUCTORS = {
    "answer",
    "banding",
    "bootstrapping",
    "census",
    "certifying",
    "checkpointing",
    "clustering",
    "everywhere",
    "factoring",
    "fitting",
    "grounding",
    "inputs",
    "intervals",
    "judge",
    "kinking",
    "making",
    "many",
    "measuring",
    "notebook",
    "posing",
    "problem",
    "profiling",
    "recording",
    "repairing",
    "result",
    "ruler",
    "scanning",
    "scenes",
    "search",
    "shown_history",
    "solving",
    "strategy",
    "streaming",
    "viewing",
    "watched",
}  # fit in its parts: may import every room
DOORS = {"cli", "laboratory", "estimators", "scipy_api"}  # import public names, as a user would
WORKSHOP = {"model", "objective", "descent", "probe"}  # where JAX lives


def at_start(node) -> Iterator[ast.AST]:
    """What runs when a module is imported: not the inside of functions, nor imports for types only."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from at_start(child)


def imports(module, modules, nodes=ast.walk) -> Iterator[tuple[str, str | None, int]]:
    """(module imported from, name or None for a whole module, line) of all imports, or those among certain nodes."""
    for node in nodes(module.tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                package = module.name.split(".") if module.is_package else module.name.split(".")[:-1]
                kept = package[: len(package) - node.level + 1]
                origin = ".".join([*kept, origin] if origin else kept)
            for alias in node.names:
                whole = f"{origin}.{alias.name}"
                yield (whole, None, node.lineno) if whole in modules else (origin, alias.name, node.lineno)


def inner(module, modules, nodes=ast.walk) -> Iterator[tuple[str, str, int]]:
    """(module of downslope, its room, line) for everything imported from the package; "" is the package itself."""
    for origin, _name, line in imports(module, modules, nodes):
        if origin == "downslope" or origin.startswith("downslope."):
            yield origin, origin.partition(".")[2].partition(".")[0], line


def test_every_module_is_in_a_room(modules):
    known = {"", "__main__", *MAY_IMPORT, *EVERYONE, *CONDUCTORS, *DOORS}
    assert sorted({module.room for module in modules.values()} - known) == []


def test_imports_follow_the_table(modules):
    astray = []
    for module in modules.values():
        if module.room in CONDUCTORS | DOORS | {"", "__main__"}:
            continue
        allowed = EVERYONE | MAY_IMPORT.get(module.room, set()) | {module.room}
        if module.room in EVERYONE:
            allowed = EVERYONE
        astray += [
            f"{module.name}:{line} imports {origin}"
            for origin, room, line in inner(module, modules)
            if room not in allowed
        ]
    assert astray == []


def test_conductors_do_not_use_the_doors(modules):
    astray = [
        f"{module.name}:{line} imports {origin}"
        for module in modules.values()
        if module.room in CONDUCTORS
        for origin, room, line in inner(module, modules)
        if room in DOORS | {"", "__main__"}
    ]
    assert astray == []


def test_doors_use_public_names_only(modules):
    import downslope

    public = set(downslope.__all__) | EVERYONE
    astray = []
    for module in modules.values():
        if module.room not in DOORS | {"__main__"}:
            continue
        own = {module.room, *EVERYONE, *(DOORS if module.room == "__main__" else ())}
        aliases = set()
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "downslope" and not node.level:
                astray += [
                    f"{module.name}:{node.lineno} {alias.name}"
                    for alias in node.names
                    if alias.name not in public | own
                ]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("downslope."):
                room = (node.module or "").split(".")[1]
                astray += [f"{module.name}:{node.lineno} {node.module}"] if room not in own else []
            elif isinstance(node, ast.Import):
                aliases |= {alias.asname or alias.name for alias in node.names if alias.name == "downslope"}
                inside = [alias.name for alias in node.names if alias.name.startswith("downslope.")]
                astray += [f"{module.name}:{node.lineno} {name}" for name in inside if name.split(".")[1] not in own]
        astray += [
            f"{module.name}:{node.lineno} {node.value.id}.{node.attr}"
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in aliases
            if node.attr not in public and not node.attr.startswith("__")
        ]
    assert astray == []


def test_no_circles(modules):
    """Also none that is hidden in a function; only the conductor may turn back there (`Fit.resume` is a new fit)."""
    graph = {}
    for module in modules.values():
        nodes = at_start if module.room in CONDUCTORS else ast.walk
        graph[module.name] = {origin for origin, _, _ in inner(module, modules, nodes)} - {module.name}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail("a circle of imports: " + " → ".join(reversed(circle.args[1])))


def test_jax_stays_in_the_workshop(modules):
    astray = [
        f"{module.name}:{line} imports {origin}"
        for module in modules.values()
        if module.room not in WORKSHOP | {"arrays", "device"}
        for origin, _name, line in imports(module, modules)
        if origin.partition(".")[0] in {"jax", "jaxlib", "optax"}
    ]
    assert astray == []


def test_a_rooms_front_only_hands_on(modules):
    """A room's __init__ holds its docstring, imports, __all__ and at most a lazy __getattr__: no work of its own."""
    astray = []
    for module in modules.values():
        if not module.is_package or module.room == "":
            continue
        for node in module.tree.body:
            match node:
                case ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant()):
                    continue
                case ast.If(ast.Name("TYPE_CHECKING")):
                    continue
                case ast.Assign([ast.Name(name)]) | ast.AnnAssign(ast.Name(name)) if name.startswith("_"):
                    continue
                case ast.FunctionDef(name) if name.startswith("__"):
                    continue
            astray.append(f"{module.name}:{node.lineno}")
    assert astray == []
