"""Write constraints.txt: the exact version of every package that downslope and its extras need, for each Python.

Run it with one interpreter per Python version that the pins are for, oldest first:

    python tools/pin.py python3.11 python3.12 python3.13

Each one resolves the project anew (pip's dry run; nothing is installed). A package that differs between Pythons gets
one line per version, with a marker; the last one is for all later Pythons too. The file holds names and versions only,
no addresses.
"""

import json
import subprocess
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FOR_CARDS = ("cuda-", "nvidia-", "triton")
HEAD = """\
# Exact versions of everything that downslope and its extras need. Written by tools/pin.py; do not edit.
"""


def resolved(python: str) -> tuple[str, dict[str, str]]:
    """The version of this Python, "3.11", and of each package that pip would install with it."""
    command = [
        python,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--ignore-installed",
        "--quiet",
        "--report",
        "-",
        ".[dev,torch]",
    ]
    report = json.loads(subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.PIPE).stdout)
    packages = (entry["metadata"] for entry in report["install"])
    # "2.13.0+cpu" is a build of 2.13.0, and needs nothing of what a build for graphics cards would
    versions = {each["name"].lower().replace("_", "-"): each["version"].partition("+")[0] for each in packages}
    versions = {name: version for name, version in versions.items() if not name.startswith(FOR_CARDS)}
    return report["environment"]["python_version"], versions


def pins(of_python: dict[str, dict[str, str]]) -> list[str]:
    """One line per package, or one per run of Pythons with the same version of it.

    >>> pins({"3.11": {"a": "1", "b": "1"}, "3.12": {"a": "1", "b": "2"}, "3.13": {"a": "1", "b": "2"}})
    ['a==1', "b==1; python_version < '3.12'", "b==2; python_version >= '3.12'"]
    """
    lines = []
    for name in sorted(set().union(*of_python.values()) - {"downslope"}):
        by_python = [(python, versions.get(name)) for python, versions in of_python.items()]
        runs = [next(run) for _version, run in groupby(by_python, key=itemgetter(1))]
        for place, (python, version) in enumerate(runs):
            if version is None:
                continue
            marks = [f"python_version >= '{python}'"] if place > 0 else []
            marks += [f"python_version < '{runs[place + 1][0]}'"] if place + 1 < len(runs) else []
            lines.append(f"{name}=={version}" + ("; " + " and ".join(marks) if marks else ""))
    return lines


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    found = dict(resolved(python) for python in sys.argv[1:])
    (PROJECT / "constraints.txt").write_text(HEAD + "\n".join(pins(found)) + "\n")
