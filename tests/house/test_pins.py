"""The pins cover what is asked for, and hold no addresses."""

import re
import subprocess
import tomllib

PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==[0-9][0-9a-z.]*(; python_version [<>=]+ '3\.\d+'( and python_version < '3\.\d+')?)?"
)


def test_every_line_is_a_pin_without_an_address(project):
    lines = (project / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#") and not PIN.fullmatch(line)] == []


def test_everything_asked_for_is_pinned(project):
    asked = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    wanted = asked["dependencies"] + [line for extra in asked["optional-dependencies"].values() for line in extra]
    names = {re.split(r"[\s\[<>=!~;]", line)[0].lower() for line in wanted} - {"downslope"}
    pinned = {
        found["name"] for found in map(PIN.match, (project / "constraints.txt").read_text().splitlines()) if found
    }
    assert sorted(names - pinned) == []


def test_the_scripts_are_sound_bash(project):
    for script in ("run", ".ci/run"):
        subprocess.run(["bash", "-n", script], cwd=project, check=True, timeout=30)
