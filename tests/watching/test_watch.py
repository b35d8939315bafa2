"""The block itself: what it refuses, what it leaves alone, what it says when there was nothing to see."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import downslope as ds

TARGET = jnp.array([1.0, 2.0])


def loss(w):
    return ((w - TARGET) ** 2).sum()


def loop(steps=10, rate=0.1):
    w = jnp.zeros(2)
    slope = jax.grad(loss)
    for _ in range(steps):
        w = w - rate * slope(w)
    return w


def test_an_exception_goes_on_as_it_was():
    problem = ValueError("the user's own\nin two lines")
    with pytest.raises(ValueError) as caught, ds.watch() as run:
        loop(4)
        raise problem
    assert caught.value is problem
    assert len(run.history) == 4
    assert run.run.stopped == "the loop raised ValueError"
    assert any("ValueError: the user's own" in note for note in run.notes)


def test_an_interruption_goes_on_too():
    with pytest.raises(KeyboardInterrupt), ds.watch() as run:
        loop(4)
        raise KeyboardInterrupt
    assert run.run.stopped == "interrupted"
    assert len(run.history) == 4


def test_everything_is_put_back():
    before = jax.grad, jax.value_and_grad
    with ds.watch():
        assert jax.grad is not before[0]
    assert (jax.grad, jax.value_and_grad) == before
    with pytest.raises(ZeroDivisionError), ds.watch():
        raise ZeroDivisionError
    assert (jax.grad, jax.value_and_grad) == before


def test_what_was_made_inside_works_outside_and_is_not_recorded():
    with ds.watch() as run:
        slope = jax.grad(loss)
        slope(jnp.zeros(2))
    assert np.allclose(slope(jnp.zeros(2)), [-2.0, -4.0])
    assert len(run.history) == 1


def test_one_block_in_another_sees_its_own_part():
    with ds.watch() as outer:
        loop(3)
        with ds.watch() as inner:
            loop(4)
        loop(5)
    assert len(inner.history) == 4
    assert len(outer.history) == 12
    assert jax.grad.__module__.startswith("jax")


def test_a_watch_is_for_one_block():
    watch = ds.watch()
    with pytest.raises(ds.RequestError, match="nothing was watched yet"):
        _ = watch.run
    with watch:
        with pytest.raises(ds.RequestError, match="is running already"):
            watch.__enter__()
        loop(2)
    with pytest.raises(ds.RequestError, match="has seen its loop"):
        watch.__enter__()
    assert len(watch.history) == 2


def test_so_far_can_be_asked_inside():
    with ds.watch() as run:
        loop(3)
        assert len(run.history) == 3
        assert run.findings == ()
        loop(2)
    assert len(run.history) == 5


def test_a_block_without_a_loop():
    with ds.watch() as run:
        pass
    assert len(run.history) == 0
    assert run.run.state == "untrusted"
    assert run.findings == ()
    assert any("no gradient was computed" in note for note in run.notes)
    assert "no gradient was seen" in str(run)


def test_it_opens_again(tmp_path):
    with ds.watch() as run:
        loop(10)
    path = tmp_path / "run.downslope"
    run.save(path)
    opened = ds.load(path)
    assert np.array_equal(opened.history.loss, run.history.loss)
    assert np.array_equal(opened.history.params, run.history.params)
    assert opened.run.chosen["watched"] == run.run.chosen["watched"]
    assert opened.run.chosen["optimizer"] == "gd"
    with pytest.raises(ds.OutputError):
        run.save(path)
    run.save(path, force=True)


def test_the_summary_is_short():
    with ds.watch() as run:
        loop(10)
    lines = run.summary().splitlines()
    assert len(lines) <= 15
    assert "gd, learning rate 0.1, 9 steps" in str(run)
    assert repr(run) == "<Watch: done>"


SCRIPT = """
import sys
import downslope as ds
with ds.watch() as run:
    {inside}
print(run)
print(sorted({{"torch", "tensorflow", "keras", "jax"}} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "inside, said", [("pass", "none of torch, tensorflow, keras and jax"), ("import jax", "jax was imported inside")]
)
def test_a_framework_is_never_imported(inside, said):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(inside=inside)], capture_output=True, text=True, timeout=120, check=True
    )
    assert said in done.stdout
    assert done.stdout.splitlines()[-1] == ("[]" if inside == "pass" else "['jax']")
