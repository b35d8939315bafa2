"""Every example in README.md and docs/ runs, and every link leads somewhere.

The Python blocks of a page run in order in one namespace; the lines of its shell blocks that call ./run or downslope
run where they stand between them; all in one empty folder with a copy of examples/. A shell line that says
"# exit code 2" must end so.
"""

import doctest
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = [page for page in (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))) if page.exists()]
LINKED = sorted({*PAGES, *PROJECT.glob("*.md")})
WORDS = {"test", "check", "docs", "bench"}  # of ./run itself: they would run this test again, or measure
OPTIONAL = {"torch", "tensorflow", "keras"}


@dataclass(frozen=True)
class CodeBlock:
    language: str
    text: str
    line: int  # of its first line of code in the page


def blocks(page: Path) -> list[CodeBlock]:
    found: list[CodeBlock] = []
    opened: tuple[str, str, int] | None = None
    lines = page.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        fence = re.match(r"\s*(`{3,})\s*(\w*)", line)
        if opened is None and fence:
            opened = (fence[1], fence[2].lower(), number + 1)
        elif opened is not None and fence and line.strip() == opened[0]:
            text = "\n".join(lines[opened[2] - 1 : number - 1])
            found.append(CodeBlock(opened[1], text, opened[2]))
            opened = None
    assert opened is None, f"{page}:{opened and opened[2] - 1}: the code block is not closed"
    return found


def run_python(block: CodeBlock, page: Path, names: dict) -> None:
    try:
        if ">>>" in block.text:
            test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), block.line - 1)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            said: list[str] = []
            runner.run(test, out=said.append, clear_globs=False)
            assert runner.failures == 0, "".join(said)
            names.update(test.globs)
        else:
            # as many empty lines before it as in the page, so that a traceback names the page's line
            exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), names)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in OPTIONAL:
            raise
        pytest.skip(f"{page.name}:{block.line} needs {missing.name}")


def commands(block: CodeBlock) -> list[tuple[str, int]]:
    """The lines of a shell block that call downslope, and the exit code that each must have."""
    found = []
    lines = block.text.replace("\\\n", " ").splitlines()
    prompted = any(line.startswith("$ ") for line in lines)
    for line in lines:
        if prompted and not line.startswith("$ "):
            continue  # what the command answered
        line = line.removeprefix("$ ").strip()
        code = re.search(r"# exit code (\d+)$", line)
        words = shlex.split(line, comments=True)
        if words and words[0] in {"./run", "downslope"} and not (words[0] == "./run" and set(words[1:2]) <= WORDS):
            found.append((line, int(code[1]) if code else 0))
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder as a reader has it: examples/, ./run, downslope on the path. What is written here stays here."""
    if (PROJECT / "examples").exists():
        shutil.copytree(PROJECT / "examples", tmp_path / "examples")
    for name in ("run", "downslope"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m downslope "$@"\n')
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


SLOW = {"many.md", "cluster.md", "cli.md", "symptoms_data.md", "scipy_api.md"}
"""Pages whose examples compile for long, or wait for workers; `./run docs` runs them too."""


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=str(page.relative_to(PROJECT)), marks=[pytest.mark.slow] * (page.name in SLOW))
        for page in PAGES
    ],
)
def test_every_example_runs(page, folder):
    names: dict = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language in {"python", "py", "pycon"}:
            run_python(block, page, names)
        elif block.language in {"sh", "bash", "shell", "console"}:
            for command, expected in commands(block):
                done = subprocess.run(
                    ["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=300, check=False
                )
                said = f"{page.name}:{block.line}: {command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
                assert done.returncode == expected, said
                assert "Traceback" not in done.stderr, said


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    text = prose(page)
    named = set(re.findall(r"""<a (?:id|name)=["']([^"']+)""", text))
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?)\s*#*$", text, flags=re.MULTILINE):
        anchor, count = slug(heading), 0
        while (anchor if not count else f"{anchor}-{count}") in found:
            count += 1
        found.add(anchor if not count else f"{anchor}-{count}")
    return found | named


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^\s*```.*?^\s*```\s*$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page):
    """Files and anchors of this project; addresses elsewhere are not visited."""
    text = re.sub(r"`[^`\n]*`", "", prose(page))
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", text) + re.findall(r"""(?:src|href)=["']([^"']+)""", text)
    targets += re.findall(r"^\[[^\]]+\]:\s*(\S+)", text, flags=re.MULTILINE)
    broken = []
    for target in targets:
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def test_every_page_is_reachable():
    """From README.md by links, so that no page is read by nobody."""
    seen, ahead = set(), [PROJECT / "README.md"]
    while ahead:
        page = ahead.pop().resolve()
        if page in seen or not page.exists() or page.suffix != ".md":
            continue
        seen.add(page)
        ahead += [page.parent / target for target in re.findall(r"\]\(\s*([^)\s#:]+)", prose(page))]
    assert sorted(str(page.relative_to(PROJECT)) for page in PAGES if page.resolve() not in seen) == []
