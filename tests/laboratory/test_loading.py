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


ONE_THREAD = """
import sys
from downslope.laboratory import loading
{before}
assert ("jax" in sys.modules) is {there}
loading.load_what_computes()
import jax
from jax._src import xla_bridge
assert not xla_bridge.backends_are_initialized(), "JAX has read it already"
assert jax.config.read("jax_cpu_enable_async_dispatch") is not loading._INLINE.is_set()
print(loading._INLINE.is_set())
"""


@pytest.mark.parametrize(("before", "there", "inline"), [("", False, True), ("import jax", True, False)])
def test_programs_run_in_the_thread_that_asks_unless_jax_was_there_before(before, there, inline):
    script = ONE_THREAD.format(before=before, there=there)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == [str(inline)], done.stdout + done.stderr
