import errno
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from functools import cache
from importlib import import_module

import numpy as np
import optax
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import downslope as ds
from downslope import checkpointing, whole_file
from downslope.history import store

loop = import_module("downslope.descent.descend")  # the package has the function by that name
LINE, CURVE = "y = w*x + b", "y = a*exp(-b*x) + c"
rng = np.random.default_rng(0)
X = np.linspace(0.0, 4.0, 60)
LINEAR = {"x": 30 + 5 * X, "y": 2 * X + 1 + 0.1 * rng.normal(size=X.size)}
CURVED = {"x": X, "y": 2.5 * np.exp(-0.7 * X) + 0.3 + 0.01 * rng.normal(size=X.size)}
PLANS = {
    "gd": (CURVE, CURVED, {"optimizer": "gd", "learning_rate": 0.05}),
    "tolerance": (CURVE, CURVED, {"optimizer": "momentum(0.9)", "learning_rate": 0.01, "tolerance": 0.02}),
    "plateau": (CURVE, CURVED, {"optimizer": "nesterov", "learning_rate": "plateau(0.05, patience=3)"}),
    "cosine": (CURVE, CURVED, {"optimizer": "adam", "learning_rate": "cosine(0.02)"}),
    "exponential": (CURVE, CURVED, {"optimizer": "rmsprop", "learning_rate": "exponential(0.02, every=7)"}),
    "schedule": (CURVE, CURVED, {"optimizer": "gd", "learning_rate": optax.linear_schedule(0.1, 0.01, 100)}),
    "rate of the curvature": (CURVE, CURVED, {"optimizer": "gd"}),
    "batches": (CURVE, CURVED, {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 7, "seed": 3}),
    "single rows": (CURVE, CURVED, {"optimizer": "sgd", "learning_rate": "step(0.05, every=20)"}),
    "bounds": (CURVE, CURVED, {"optimizer": "gd", "learning_rate": 0.1, "bounds": {"b": (0, 0.6)}}),
    "fixed and tied": (CURVE, CURVED, {"optimizer": "adam", "fixed": {"c": 0.3}, "tied": {"a": "4*b"}}),
    "scaled": (LINE, LINEAR, {"optimizer": "gd", "learning_rate": 0.4, "scale": "columns", "tolerance": 1e-7}),
    "validation": (CURVE, CURVED, {"optimizer": "adam", "validation": 0.25, "seed": 1}),
    "search": (CURVE, CURVED, {"optimizer": "lbfgs"}),
    "curvature": (CURVE, CURVED, {"optimizer": "levenberg-marquardt", "start": {"b": 2.0}}),
    "kinks": (CURVE, CURVED, {"optimizer": "gd", "learning_rate": 0.01, "loss": "mae"}),
    "diverges": (CURVE, CURVED, {"optimizer": "gd", "learning_rate": 50.0}),
}
SELDOM = {
    "cosine",
    "exponential",
    "schedule",
    "rate of the curvature",
    "single rows",
    "fixed and tied",
    "curvature",
    "kinks",
}
STEPS = 150
TAKEN_ANEW = ("seconds", "notes", "plan")


def until(step):
    """A watcher that leaves at a step."""

    def watch(blocks):
        for block in blocks:
            yield block
            if block.step[-1] >= step:
                return

    return watch


@cache
def uncut(name):
    model, data, plan = PLANS[name]
    return ds.fit(model, data, steps=STEPS, **plan).run


def same_run(one, other):
    """All that two runs say is the same to the bit, but for how long it took, and what is said of being cut short."""
    for entry in fields(one):
        first, second = getattr(one, entry.name), getattr(other, entry.name)
        if entry.name in TAKEN_ANEW:
            continue
        if entry.name == "history":
            for name, values in first.columns.items():
                assert np.array_equal(values, second.columns[name], equal_nan=True), name
        elif entry.name == "uncertainty":
            assert (first is None) == (second is None)
            assert first is None or np.array_equal(first.covariance, second.covariance, equal_nan=True)
        elif entry.name == "columns":
            assert list(first or ()) == list(second or ())
        elif isinstance(first, np.ndarray):
            assert np.array_equal(first, second, equal_nan=True), entry.name
        else:
            assert first == second or repr(first) == repr(second), entry.name
    assert one.plan.said() == other.plan.said()


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SELDOM)) for name in PLANS])
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, STEPS), min_size=1, max_size=3, unique=True).map(sorted))
def test_cut_anywhere_and_gone_on_with_it_ends_in_the_same_bits(name, cuts, tmp_path):
    model, data, plan = PLANS[name]
    whole = uncut(name)
    path = tmp_path / f"{abs(hash(tuple(cuts)))}.ckpt"
    path.unlink(missing_ok=True)
    reached = 0
    for cut in cuts:  # the first block of each part ends where it is to be cut
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(loop, "_first_chunk", lambda _, length=cut - reached: max(1, length))
            part = ds.fit(model, data, steps=STEPS, progress=until(cut), checkpoint=path, **plan)
        assert part.stopped == "interrupted" or part.run.steps == whole.steps
        reached = part.run.steps
    same_run(ds.fit(model, data, steps=STEPS, checkpoint=path, **plan).run, whole)
    again = ds.fit(model, data, steps=STEPS, checkpoint=path, **plan)
    same_run(again.run, whole)
    assert any("finished: it was read" in note for note in again.notes)


@pytest.mark.parametrize("name", ["tolerance", "batches", "scaled", "validation", "rate of the curvature", "search"])
def test_a_loaded_checkpoint_is_finished_by_resume(name, tmp_path):
    model, data, plan = PLANS[name]
    whole = uncut(name)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "_first_chunk", lambda _: 9)
        ds.fit(model, data, steps=STEPS, progress=until(9), checkpoint=tmp_path / "a", **plan)
    cut = ds.load(tmp_path / "a")
    assert cut.state == "untrusted" and cut.run.steps == 9
    finished = cut.resume()
    same_run(finished.run, whole)
    assert finished.notes[-1] == "cut short at step 9, and gone on with from there"


def cut_at(step, path, model, data, **plan):
    """A fit that ends in its first block, at this step."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "_first_chunk", lambda _: step)
        return ds.fit(model, data, progress=until(1), checkpoint=path, **plan)


@pytest.mark.parametrize("cut", [5_000, 9_998, 12_345])
def test_a_thinned_history_is_thinned_alike(cut, tmp_path):
    plan = {"optimizer": "adam", "learning_rate": 0.01, "steps": 25_000}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "MOST_SECONDS", 1.0)  # long blocks
        patched.setattr(loop, "_first_chunk", lambda _: cut)
        ds.fit(CURVE, CURVED, progress=until(cut), checkpoint=tmp_path / "a", **plan)
    whole = ds.fit(CURVE, CURVED, **plan)
    assert len(whole.history) < 10_000
    same_run(ds.load(tmp_path / "a").resume().run, whole.run)


def test_a_run_that_goes_on_from_another_one_has_checkpoints_too(tmp_path):
    plan = {"optimizer": "momentum", "learning_rate": "cosine(0.01)", "tolerance": 1e-9}
    first = ds.fit(CURVE, CURVED, steps=40, **plan)
    whole = first.resume(steps=60)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "_first_chunk", lambda _: 21)
        first.resume(steps=60, progress=until(1), checkpoint=tmp_path / "a")
    assert ds.load(tmp_path / "a").run.steps == 61
    same_run(ds.load(tmp_path / "a").resume().run, whole.run)
    same_run(first.resume(steps=60, checkpoint=tmp_path / "a").run, whole.run)
    same_run(first.resume(steps=60, checkpoint=tmp_path / "a").run, whole.run)
    with pytest.raises(ds.RequestError, match="steps was 60 and is 70"):
        first.resume(steps=70, checkpoint=tmp_path / "a")
    with pytest.raises(ds.RequestError, match="goes on from another run"):
        whole.resume(steps=60, checkpoint=tmp_path / "a")
    with pytest.raises(ds.RequestError, match="goes on from an earlier run, and this one does not"):
        ds.fit(CURVE, CURVED, steps=60, checkpoint=tmp_path / "a", **plan)


def test_an_interrupted_run_is_finished_by_resume_without_a_budget():
    plan = {"optimizer": "adam", "learning_rate": 0.01, "steps": STEPS}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(loop, "_first_chunk", lambda _: 20)
        part = ds.fit(CURVE, CURVED, progress=until(1), **plan)
    assert part.resume().run.steps == STEPS
    assert part.resume(steps=10).run.steps == 30, "a budget is one of its own"
    assert part.resume(steps=10).resume().run.steps == 40


def test_a_crash_leaves_the_last_checkpoint(tmp_path):
    plan = {"optimizer": "adam", "learning_rate": 0.01, "steps": 20_000}

    def crash(blocks):
        for block in blocks:
            yield block
            if block.step[-1] >= 5_000:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ds.fit(CURVE, CURVED, progress=crash, checkpoint=tmp_path / "a", checkpoint_every=0, **plan)
    held = ds.load(tmp_path / "a")
    assert 0 < held.run.steps < 20_000
    assert held.reasons == (f"unfinished: {held.run.steps:,} of 20,000 steps taken",)
    assert held.loss == held.history.loss[-1]
    same_run(ds.fit(CURVE, CURVED, checkpoint=tmp_path / "a", **plan).run, ds.fit(CURVE, CURVED, **plan).run)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"learning_rate": 0.2}, "learning_rate was 0.1 and is 0.2"),
        ({"steps": 31}, "steps was 30 and is 31"),
        ({"loss": "mae"}, "loss was 'mse' and is 'mae'"),
        ({"seed": 1}, "seed was 0 and is 1"),
        ({"bounds": {"b": (0, 1)}}, "bounds was not given and is {'b': "),
        ({"model": "y = w*x"}, "the model was y = w*x + b and is y = w*x"),
        ({"data": LINEAR | {"y": LINEAR["y"] + 1}}, "the data are not those that it saw"),
    ],
)
@pytest.mark.parametrize("finished", [False, True])
def test_a_checkpoint_of_another_fit_is_refused_by_what_differs(finished, change, said, tmp_path):
    asked = {"model": LINE, "data": LINEAR, "optimizer": "gd", "learning_rate": 0.1, "steps": 30, "start": {"w": 0}}
    if finished:
        ds.fit(**asked, checkpoint=tmp_path / "a")
    else:
        cut_at(7, tmp_path / "a", **asked)
    before = (tmp_path / "a").read_bytes()
    with pytest.raises(ds.RequestError, match="is a checkpoint of another fit") as refused:
        ds.fit(**asked | change, checkpoint=tmp_path / "a")
    assert said in str(refused.value)
    assert (tmp_path / "a").read_bytes() == before


@pytest.mark.parametrize("finished", [False, True])
def test_code_and_arrays_are_known_by_what_they_do(finished, tmp_path):
    def decay(x, a, b):
        return a * np.exp(-b * x)

    def other(x, a, b):
        return a * np.exp(-b * x) + 0.1

    other.__name__ = other.__qualname__ = "decay"
    weights, schedule = np.linspace(1, 2, X.size), optax.linear_schedule(0.1, 0.0, 90)
    asked = {"model": decay, "data": CURVED, "target": "y", "optimizer": "gd", "steps": 30, "weights": weights}
    asked["learning_rate"] = schedule
    if finished:
        ds.fit(**asked, checkpoint=tmp_path / "a")
    else:
        cut_at(9, tmp_path / "a", **asked)
    for change in ({"model": other}, {"weights": weights[::-1]}):
        with pytest.raises(ds.RequestError, match="something has changed"):
            ds.fit(**asked | change, checkpoint=tmp_path / "a")
    with pytest.raises(ds.RequestError, match="the schedule gave 0.1 at step 0, and now gives 0.2"):
        ds.fit(**asked | {"learning_rate": optax.linear_schedule(0.2, 0.0, 90)}, checkpoint=tmp_path / "a")
    same_run(ds.fit(**asked, checkpoint=tmp_path / "a").run, ds.fit(**asked).run)


def test_a_transformation_is_taken_on_trust_and_that_is_said(tmp_path):
    asked = {"model": LINE, "data": LINEAR, "optimizer": optax.adabelief(0.1), "steps": 30}
    cut_at(9, tmp_path / "a", **asked)
    fit = ds.fit(**asked, checkpoint=tmp_path / "a")
    assert fit.run.steps == 30 and any("cannot be checked" in note for note in fit.notes)


def test_what_is_found_without_steps_is_written_at_its_end_and_given_back(tmp_path):
    for model, data, plan in ((CURVE, CURVED, {}), (LINE, LINEAR, {}), (CURVE, CURVED, {"loss": "mae"})):
        path = tmp_path / str(len(list(tmp_path.iterdir())))
        fit = ds.fit(model, data, checkpoint=path, checkpoint_every=0, **plan)
        assert ds.load(path).run.unfinished is None
        same_run(ds.fit(model, data, checkpoint=path, **plan).run, fit.run)


def test_a_full_disk_is_said_once_and_the_last_good_checkpoint_stays(tmp_path, monkeypatch, caplog):
    path, written = tmp_path / "a", []

    def fsync(descriptor, really=os.fsync):
        written.append(descriptor)
        if len(written) > 2:  # the file and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(checkpointing, "MOST_SHARE", 1.0)
    plan = {"optimizer": "adam", "learning_rate": 0.01, "steps": 60_000}
    fit = ds.fit(CURVE, CURVED, checkpoint=path, checkpoint_every=0, **plan)
    assert fit.run.steps == 60_000 and len(written) > 4
    held = ds.load(path).run.steps
    assert 0 < held < 60_000
    said = [note for note in fit.notes if "no checkpoint" in note]
    assert len(said) == 1 and f"no space left on device; the last good one holds step {held:,}" in said[0]
    assert [record.message for record in caplog.records] == [f"downslope: {said[0]}"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]
    monkeypatch.undo()
    same_run(ds.fit(CURVE, CURVED, checkpoint=path, **plan).run, fit.run)


def test_a_folder_that_goes_away_ends_no_run(tmp_path, caplog):
    folder = tmp_path / "folder"
    folder.mkdir()

    def remove(blocks):
        for block in blocks:
            if folder.exists():
                folder.rmdir()
            yield block

    fit = ds.fit(LINE, LINEAR, optimizer="adam", steps=50, progress=remove, checkpoint=folder / "a")
    assert fit.run.steps == 50
    assert any("there is no folder" in note and "there is none yet" in note for note in fit.notes)


def test_what_cannot_be_a_checkpoint_is_refused_before_anything_is_read(tmp_path):
    (tmp_path / "csv").write_text("x,y\n1,2\n")
    (tmp_path / "cut").write_bytes(b"")
    refused = {
        tmp_path: (ds.OutputError, "it is a folder"),
        tmp_path / "no" / "a": (ds.OutputError, "there is no folder"),
        "": (ds.OutputError, "folder"),
        "/dev/full": (ds.OutputError, "not a regular file"),
        True: (ds.RequestError, "give the path of a file"),
        3: (ds.RequestError, "give the path of a file"),
    }
    for path, (kind, said) in refused.items():
        with pytest.raises(kind, match=said):
            ds.fit(LINE, tmp_path / "nowhere.csv", checkpoint=path)
    for every in (-1, float("nan"), float("inf"), "soon", True):
        with pytest.raises(ds.RequestError, match="checkpoint_every is"):
            ds.fit(LINE, LINEAR, checkpoint=tmp_path / "a", checkpoint_every=every)
    with pytest.raises(ds.RequestError, match="no checkpoint: name the file"):
        ds.fit(LINE, LINEAR, checkpoint_every=1)
    for name in ("csv", "cut"):
        with pytest.raises(ds.DataError, match="left alone"):
            ds.fit(LINE, LINEAR, checkpoint=tmp_path / name)
    assert (tmp_path / "csv").read_text() == "x,y\n1,2\n"


def test_checkpoints_that_take_long_come_less_often(tmp_path, monkeypatch):
    now, saved = [0.0], []

    def save(*_, **__):
        saved.append(now[0])
        now[0] += 2.0  # seconds that writing takes

    monkeypatch.setattr(checkpointing.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(checkpointing.store, "save", save)
    kept = checkpointing.Checkpoints(tmp_path / "a", 1.0)
    run = ds.fit(LINE, LINEAR).run

    def blocks():
        for _ in range(1000):
            now[0] += 0.2
            yield run.history

    for _ in kept.along(blocks(), lambda: run):
        pass
    assert saved[0] == pytest.approx(1.0)
    assert 2.0 * len(saved) <= 0.055 * now[0] + 2.0
    assert len(saved) >= 5


def test_what_killed_processes_left_is_swept_away(tmp_path):
    prefix = whole_file._prefix(tmp_path / "run.ckpt")
    old, new = tmp_path / f"{prefix}1.tmp", tmp_path / f"{prefix}2.tmp"
    others = tmp_path / f"{whole_file._prefix(tmp_path / 'other.ckpt')}1.tmp"
    for path in (old, new, others):
        path.write_bytes(b"half")
    for path in (old, others):
        os.utime(path, (0, 0))
    ds.fit(LINE, LINEAR, checkpoint=tmp_path / "run.ckpt")
    assert not old.exists() and new.exists() and others.exists()


def test_a_run_of_earlier_versions_opens_and_goes_on(tmp_path):
    run = ds.fit(LINE, LINEAR, optimizer="gd", learning_rate=1e-4, steps=5).run
    document = store._document(run)
    del document["unfinished"]
    document["format"] = 3
    assert store._run(store._from_json(document), store._arrays(run)).unfinished is None


CHILD = """
import sys, time, numpy as np
import downslope as ds
from downslope import checkpointing
checkpointing.MOST_SHARE = 0.5
ds.compile_cache(sys.argv[2])
data = dict(np.load(sys.argv[3]))
def heard(blocks):
    for place, block in enumerate(blocks):
        if not place:
            print("descends", flush=True)
        time.sleep(0.1)  # it shall not be at its end when it is killed
        yield block
plan = {"optimizer": "adam", "learning_rate": "cosine(0.02)", "batch_size": 7, "steps": 200_000}
ds.fit("y = a*exp(-b*x) + c", data, progress=heard, checkpoint=sys.argv[1], checkpoint_every=0, **plan)
"""


def test_a_killed_process_is_gone_on_with_to_the_same_bits(tmp_path):
    plan = {"optimizer": "adam", "learning_rate": "cosine(0.02)", "batch_size": 7, "steps": 200_000}
    whole, path = ds.fit(CURVE, CURVED, **plan).run, tmp_path / "run.ckpt"
    np.savez(tmp_path / "data.npz", **CURVED)
    reached = [0]
    for _ in range(3):
        words = [sys.executable, "-c", CHILD, str(path), str(tmp_path / "cache"), str(tmp_path / "data.npz")]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
            assert process.stdout.readline() == "descends\n"
            seen = path.stat().st_mtime_ns if path.exists() else 0
            while process.poll() is None and not (path.exists() and path.stat().st_mtime_ns > seen):
                time.sleep(0.002)  # about the instant a checkpoint is there
            process.send_signal(signal.SIGKILL)
        reached.append(ds.load(path).run.steps)
        assert reached[-1] >= reached[-2]
    assert reached[1] > 0 and reached[-1] < 200_000
    same_run(ds.load(path).resume().run, whole)
    same_run(ds.fit(CURVE, CURVED, checkpoint=path, **plan).run, whole)


@pytest.mark.parametrize("plan", [{"optimizer": "adam"}, {"optimizer": "momentum", "batch_size": 5_000, "seed": 2}])
def test_rows_that_are_streamed_are_gone_on_with_too(plan, tmp_path):
    x = np.random.default_rng(5).uniform(0, 4, 70_000)
    y = 2 * np.exp(-x) + 0.1 * np.sin(50 * x)
    stream = [{"x": x[first : first + 10_000], "y": y[first : first + 10_000]} for first in range(0, x.size, 10_000)]
    asked = {"learning_rate": "cosine(0.05)", "steps": 40, **plan}

    def fit(**more):
        return ds.fit("y = a*exp(-b*x)", ds.Stream(stream), **asked, **more)

    def crash(blocks):
        for block in blocks:
            yield block
            if block.step[-1] >= 20:
                raise ZeroDivisionError

    whole = fit().run
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(checkpointing, "MOST_SHARE", 1.0)
        patched.setattr(import_module("downslope.descent.passes"), "MOST_SECONDS", 0.0)  # a block a pass
        with pytest.raises(ZeroDivisionError):
            fit(checkpoint=tmp_path / "a", checkpoint_every=0, progress=crash)
    assert 0 < ds.load(tmp_path / "a").run.steps < 40
    same_run(ds.load(tmp_path / "a").resume(data=ds.Stream(stream)).run, whole)
    same_run(fit(checkpoint=tmp_path / "a").run, whole)


def test_what_breaks_a_descent_leaves_the_steps_before_it(tmp_path):
    broken = []

    with pytest.MonkeyPatch.context() as patched:
        batch = loop.batch_block

        def lost(*where):
            if where[3] >= 10_000:
                broken.append(where[3])
                raise OSError("the disk is gone")
            return batch(*where)

        patched.setattr(loop, "batch_block", lost)
        with pytest.raises(OSError, match="the disk is gone"):
            ds.fit(CURVE, CURVED, optimizer="adam", steps=30_000, batch_size=7, checkpoint=tmp_path / "a")
    assert ds.load(tmp_path / "a").run.steps == broken[0] >= 10_000
    plan = {"optimizer": "adam", "steps": 30_000, "batch_size": 7}
    same_run(ds.fit(CURVE, CURVED, checkpoint=tmp_path / "a", **plan).run, ds.fit(CURVE, CURVED, **plan).run)
