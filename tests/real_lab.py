"""A lab as a person meets it: a process of its own, opened in a browser."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from chromium import until

# a process started in the background, as CI may be, has Ctrl-C ignored, and hands that on
HEARING = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from downslope.cli import run; run()"
)
STILL = {"reduced_motion": "reduce"}
"""The pictures stand at their last step at once."""
PATIENCE = 30.0
"""Seconds: the first fit of a model is compiled."""


@dataclass
class Lab:
    """A lab in a process of its own, and the address that it printed."""

    process: subprocess.Popen
    address: str

    @property
    def page(self) -> str:
        """The address without what proves that one may open it."""
        return self.address.partition("?")[0]

    def end(self) -> str:
        """Press Ctrl-C; what it said last."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=20)[0]


@contextmanager
def running(folder, *words: str) -> Iterator[Lab]:
    process = subprocess.Popen(
        [sys.executable, "-c", HEARING, "lab", "--no-browser", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(folder)},
    )
    try:
        said = []
        while not (found := re.search(r"http://\S+", said[-1] if said else "")):
            said.append(process.stdout.readline())
            assert said[-1], "".join(said)
        yield Lab(process, found[0])
    finally:
        process.kill()
        process.communicate()


def enter(page, address: str) -> None:
    """Open a lab and wait for its first picture."""
    page.goto(address)
    page.wait_for_selector(".ds-panel svg", timeout=1000 * PATIENCE)


def shows(page, selector: str, text: str, seconds: float = PATIENCE) -> None:
    """Wait until a text is read somewhere in what can be seen of these elements."""
    read = f"(each) => each.checkVisibility() && each.innerText.includes({json.dumps(text)})"
    until(page, f"[...document.querySelectorAll({json.dumps(selector)})].some({read})", seconds)


def numbers(page, slot: str = "a") -> list[str]:
    """The parameters on the page, name and value, and the sentence of the step."""
    rows = page.locator(f"[data-slot={slot}] .ds-beside tbody tr").all_inner_texts()
    return [*rows, page.locator(f"[data-slot={slot}] .ds-verdict").inner_text()]
