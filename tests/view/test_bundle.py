"""The programs in the package are what the sources make, with the licences of all that is in them."""

import json
import re
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from downslope.pictures.browser import bundle

VIEW = Path(__file__).parents[2] / "view"
ADDRESS = re.compile(r"https?://|git\+|\.(com|org|net|io)/")


@pytest.mark.skipif(not (VIEW / "node_modules").exists() or not shutil.which("node"), reason="needs npm ci in view/")
def test_what_is_committed_is_what_the_sources_make():
    made = subprocess.run(["node", "build.mjs", "--check"], cwd=VIEW, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr


def test_versions_are_pinned_and_no_address_is_named():
    asked = json.loads((VIEW / "package.json").read_text())
    assert all(
        re.fullmatch(r"[\d.]+", version)
        for kind in ("dependencies", "devDependencies")
        for version in asked[kind].values()
    )
    assert not ADDRESS.search((VIEW / "package-lock.json").read_text())


def test_licences_are_told():
    told = (files("downslope.pictures") / "assets" / "LICENSES.txt").read_text(encoding="utf-8")
    assert "d3-array" in told and "Permission to use" in told


@pytest.mark.parametrize("name", ["replay", "lab"])
def test_licences_travel_with_each_page(name):
    """A mailed file holds the program, and no other file."""
    head = bundle(name).partition("*/")[0]
    assert re.search(r"d3-array [\d.]+ \(ISC\)\. Copyright .* Mike Bostock", head)
    assert "this permission notice appear in all copies" in head and 'PROVIDED "AS IS"' in head


def test_no_text_enters_a_page_as_html():
    for source in (VIEW / "src").rglob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", source.read_text()), (
            source
        )
