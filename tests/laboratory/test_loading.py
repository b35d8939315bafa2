"""A page that says hello while JAX is being imported."""

import subprocess
import sys

import pytest

HELLO = """
import threading, time
from downslope.laboratory.loading import load_what_computes
from downslope.laboratory.session import Session

heard, came = [], threading.Event()
session = Session(lambda message: (heard.append(message), came.set()))
loading = threading.Thread(target=lambda: (time.sleep({wait}), load_what_computes()))
loading.start()
session.receive({{"kind": "hello", "settings": {{}}}})
came.wait(60)
loading.join()
print(heard[0]["kind"], heard[0].get("message"))
"""


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.1])
def test_hello_does_not_meet_a_package_that_is_half_there(wait):
    done = subprocess.run(
        [sys.executable, "-c", HELLO.format(wait=wait)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["hello", "None"], done.stdout + done.stderr
