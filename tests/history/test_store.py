import contextlib
import json
import pickle
import string
import subprocess
import sys
import zipfile
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from downslope.errors import DataError, RequestError
from downslope.history import (
    AtEnd,
    Birth,
    Certificate,
    Curvature,
    History,
    Outlying,
    Overall,
    Pace,
    Readings,
    Reference,
    Run,
    Uncertainty,
    Unfinished,
    Units,
    Validation,
    load,
    save,
    store,
)
from downslope.history.history import COLUMNS
from downslope.history.store import Described
from downslope.plan import Plan

NUMBERS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([1e300, -1e300, 1e-300, -0.0, np.nan])
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(min_size=1, max_size=8)
PLANS = {
    "loss": st.sampled_from(["mse", "huber(1.5)"]),
    "optimizer": st.sampled_from(["gd", "momentum(0.9)"]),
    "learning_rate": st.none() | st.floats(min_value=1e-300, max_value=1e300) | st.just("cosine(0.1)"),
    "steps": st.none() | st.integers(0, 10**10),
}
PARAMETERS = st.sampled_from(["described", "not finite", "k_1", "", "μ", "fixed c"])
LIMITS = st.lists(st.none() | NUMBERS.filter(lambda value: value == value), min_size=2, max_size=2).filter(
    lambda pair: (-np.inf if pair[0] is None else pair[0]) < (np.inf if pair[1] is None else pair[1])
)
SAID_OF_A_PARAMETER = st.one_of(  # what a plan takes of one parameter at once
    st.tuples(st.just("start"), FINITE),
    st.tuples(st.just("bounds"), LIMITS),
    st.tuples(st.just("fixed"), FINITE),
    st.tuples(st.just("tied"), st.text(min_size=1).filter(str.strip)),
)
TEXTS = st.lists(st.text(max_size=20), max_size=2).map(tuple)
PLAIN = st.none() | st.booleans() | st.integers() | NUMBERS | st.text(max_size=5)
MEMORY = st.sampled_from([np.float64, np.float32, np.int64, np.uint8]).flatmap(
    lambda kind: arrays(kind, st.integers(0, 4))
)
RUNS = {
    "text": st.text(max_size=20),
    "latex": st.none() | st.text(alphabet=string.printable, max_size=20),
    "target": NAMES,
    "loss": NUMBERS,
    "rows": st.integers(0, 10**12),
    "state": st.sampled_from(["certified", "usable", "untrusted"]),
    "reasons": TEXTS,
    "notes": TEXTS,
    "stopped": st.text(max_size=20),
    "source": st.text(max_size=20),
    "fingerprint": st.text(max_size=20),
    "memory": MEMORY,
    "truth": st.none() | st.dictionaries(NAMES, NUMBERS, max_size=2),
    "truth_text": st.none() | st.text(max_size=20),
    "columns": st.none() | st.dictionaries(NAMES, arrays(float, 3, elements=NUMBERS), max_size=3),
    "seconds": st.floats(0, 1e9),
    "versions": st.dictionaries(NAMES, NAMES, max_size=2),
    "chosen": st.dictionaries(NAMES, PLAIN, max_size=3),
}


def trusts(width: int) -> st.SearchStrategy[dict]:
    """Certificate and uncertainty, one of them, or none."""
    certificates = st.builds(
        Certificate,
        gap=NUMBERS,
        distance=NUMBERS,
        digits=st.lists(NUMBERS, max_size=3).map(tuple),
        assumption=st.sampled_from(["exact", "convex", "local"]),
        lowest=NUMBERS,
        tried=st.integers(1, 99),
        agreed=st.integers(1, 99),
        second=st.none() | NUMBERS,
    )
    uncertainties = st.builds(
        Uncertainty,
        covariance=arrays(float, (width, width), elements=NUMBERS),
        kind=st.text(max_size=9),
        freedom=st.integers(-9, 10**9),
        undetermined=TEXTS,
        resting=st.dictionaries(NAMES | PARAMETERS, st.sampled_from(["lower", "upper"]), max_size=2),
    )
    return st.fixed_dictionaries({"certificate": st.none() | certificates, "uncertainty": st.none() | uncertainties})


def readings(width: int) -> st.SearchStrategy[Readings | None]:
    """Every kind of them, each there or not."""
    some = arrays(float, st.integers(0, 4), elements=NUMBERS)
    steps = arrays(np.int64, st.integers(1, 4), elements=st.integers(0, 10**12))
    wide = arrays(float, width, elements=NUMBERS)
    count = st.integers(-1, 10**12)
    kinds = {
        "curvature": st.builds(
            Curvature, names=TEXTS, steps=steps, highest=some, lowest=some, spectrum=some, steepest=wide, flattest=wide
        ),
        "reference": st.builds(
            Reference, loss=NUMBERS, params=wide, start=wide, optimizer=NAMES, tried=count,
            agreed=count, nearby=NUMBERS, level=NUMBERS, undetermined=TEXTS,
        ),
        "pace": st.builds(Pace, *[NUMBERS] * 7),
        "at_end": st.builds(AtEnd, *[NUMBERS] * 3),
        "overall": st.builds(Overall, steps=steps, losses=some, floor=NUMBERS),
        "outlying": st.builds(
            Outlying, rows=st.lists(count, max_size=3).map(tuple), residuals=st.lists(NUMBERS, max_size=3).map(tuple),
            limit=NUMBERS, share=NUMBERS, leverage=NUMBERS, noise=NUMBERS, moved=NUMBERS,
        ),
        "units": st.builds(
            Units, on=st.lists(st.tuples(NAMES, count, count), max_size=3).map(tuple), rows=count,
            since=st.lists(count, max_size=3).map(tuple), off_at_best=count,
        ),
        "validation": st.builds(Validation, steps=steps, losses=some, rows=count, spread=NUMBERS),
        "birth": st.builds(Birth, operation=NAMES, row=count, given=NUMBERS, step=count, slope=st.booleans()),
        "silent": TEXTS,
        "tensors": st.dictionaries(NAMES, st.text(max_size=9), max_size=2),
    }  # fmt: skip
    left_open = {name: kind if name in ("silent", "tensors") else st.none() | kind for name, kind in kinds.items()}
    return st.none() | st.builds(Readings, **left_open)


@st.composite
def parts(draw) -> tuple[dict, dict, dict]:
    """What a Run, its Plan and its History are made of."""
    parameters = tuple(draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)))
    rows, width = draw(st.integers(0, 5)), len(parameters)
    shapes = dict.fromkeys(COLUMNS[1:], rows) | dict.fromkeys(("params", "gradient"), (rows, width))
    history = {name: draw(arrays(float, shape, elements=NUMBERS)) for name, shape in shapes.items()}
    history |= {"parameters": parameters, "step": np.arange(rows), "batch_size": draw(st.none() | st.integers(1, 9))}
    run = {"parameters": parameters, "params": draw(arrays(float, width, elements=NUMBERS))}
    run["readings"] = draw(readings(width))
    start, first_norm = arrays(float, width, elements=NUMBERS), st.none() | NUMBERS
    count = st.integers(0, 10**10)
    run["unfinished"] = draw(st.none() | st.builds(Unfinished, count, count, first_norm, start))
    plan = draw(st.fixed_dictionaries(PLANS))
    for name, (setting, value) in draw(st.dictionaries(NAMES | PARAMETERS, SAID_OF_A_PARAMETER, max_size=4)).items():
        plan.setdefault(setting, {})[name] = value
    if draw(st.booleans()):
        plan |= {"sigma": draw(FINITE), "sigma_is": draw(st.sampled_from(["absolute", "relative"]))}
    return run | draw(st.fixed_dictionaries(RUNS)) | draw(trusts(width)), plan, history


@pytest.fixture
def run() -> Run:
    """A small run with numbers that JSON does not know."""
    history = History.of(("w",), step=[0, 1, 2], loss=[1.0, 1e300, np.inf], params=[[1.0], [-1e200], [np.nan]])
    return Run(
        plan=Plan(optimizer="gd", learning_rate=0.1, steps=2),
        text="y = w*x",
        latex="y = w x",
        target="y",
        parameters=("w",),
        params=np.array([1.0]),
        loss=float("inf"),
        rows=3,
        state="untrusted",
        reasons=("it diverged",),
        notes=(),
        stopped="not finite",
        history=history,
        source="readings.csv",
        fingerprint="f00",
        memory=np.zeros(4),
        columns={"x": np.arange(3.0), "</script>\n": np.ones(3)},
    )


def same(one, other) -> bool:
    """Equal to the bit, the sign of zero included, but for the sign of a nan; mappings also in their order."""
    if isinstance(one, np.ndarray):
        bits = [np.where(np.isnan(each), np.nan, each).tobytes() for each in (one, other)]
        return one.dtype == other.dtype and one.shape == other.shape and bits[0] == bits[1]
    if is_dataclass(one) and not isinstance(one, Described):
        return type(one) is type(other) and all(
            same(getattr(one, entry.name), getattr(other, entry.name)) for entry in fields(one)
        )
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and repr(one) == repr(other)


@given(drawn=parts())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_saved_run_opens_equal(drawn, tmp_path):
    run, plan, history = drawn
    made = Run(**run, plan=Plan(**plan), history=History(**history))
    save(made, tmp_path / "a", force=True)
    assert same(load(tmp_path / "a"), made)


def test_every_kind_of_reading_is_saved():
    """A kind that is added to Readings is added to what the store knows, and to the round trip here."""
    kinds = {entry.name for entry in fields(Readings)}
    assert set(store.READINGS) | {"silent", "tensors"} == kinds
    assert all(is_dataclass(kind) for kind in store.READINGS.values())


def test_whole_readings_come_back_to_the_bit(run, tmp_path):
    some, steps = np.array([1.0, np.nan, -0.0]), np.array([0, 1, 10**12])
    taken = Readings(
        curvature=Curvature(("w",), steps, some, some, some, np.ones(1), -np.ones(1)),
        reference=Reference(np.inf, np.ones(1), np.ones(1), "lbfgs", True, 20, 17, -np.inf, 1e-300, ("a and b",)),
        pace=Pace(np.inf, 3.0, 0.1, 1e300),
        at_end=AtEnd(1e-300, -1.0, 2.0),
        overall=Overall(steps, some, 0.5),
        outlying=Outlying((1, 10**12), (3.5, -9.0), 4.0, 0.9, 0.1, 0.01, 8.0),
        units=Units((("relu(w*x)", 3, 0), ("</script>", 0, 0)), 3, (-1, 5), 1),
        validation=Validation(steps, some, 40, np.nan),
        birth=Birth("log(a*x)", 7, -np.inf, 12, True),
        silent=("c", "described"),
        tensors={"summed-gradients": "loss.backward() 3 times"},
    )
    save(replace(run, readings=taken), tmp_path / "a")
    opened = load(tmp_path / "a").readings
    assert same(opened, taken)
    assert isinstance(opened.units.on[0], tuple) and opened.curvature.steps.dtype == np.int64
    save(replace(run, readings=Readings()), tmp_path / "b")
    assert same(load(tmp_path / "b").readings, Readings())


def test_a_file_of_before_there_were_readings_opens_without_them(run, tmp_path, monkeypatch):
    kept = store._document
    monkeypatch.setattr(
        store, "_document",
        lambda run: {name: value for name, value in (kept(run) | {"format": 2}).items() if name != "readings"},
    )  # fmt: skip
    save(run, tmp_path / "a")
    opened = load(tmp_path / "a")
    assert opened.readings is None and same(opened, run)


def test_a_reading_of_a_later_version_is_left_out(run, tmp_path, monkeypatch):
    kept = store._document

    def with_more(run):
        document = kept(run)
        return document | {"readings": document["readings"] | {"moon": {"phase": 0.5}}}

    monkeypatch.setattr(store, "_document", with_more)
    save(replace(run, readings=Readings(silent=("w",))), tmp_path / "a")
    assert load(tmp_path / "a").readings.silent == ("w",)


def test_what_is_not_plain_comes_back_by_name(run, tmp_path):
    def my_loss(prediction, target):
        return abs(prediction - target)

    plan = Plan(loss=my_loss, weights=np.ones(3), steps=3, start={"described": 1.0})
    save(replace(run, plan=plan), tmp_path / "a")
    opened = load(tmp_path / "a").plan
    assert (opened.loss, opened.weights) == (Described("my_loss"), Described("ndarray"))
    assert (opened.steps, opened.start) == (3, {"described": 1.0})
    assert opened.said() == plan.said()
    with pytest.raises(RequestError, match="my_loss was not saved with the run, only its name; give it again"):
        opened.loss(1, 2)


def test_what_was_asked_of_single_parameters_comes_back_as_it_was(run, tmp_path):
    plan = Plan(
        start={"b": 1},
        bounds={"b": (0, None), "described": (-np.inf, 2.5), "open": (None, np.inf)},
        fixed={"c": -1e300, "not finite": 2},
        tied={"b2": "2*b + c"},
        sigma=0.5,
        sigma_is="relative",
    )
    save(replace(run, plan=plan), tmp_path / "a")
    opened = load(tmp_path / "a").plan
    assert opened == plan and same(opened, plan)
    assert opened.bounds == {"b": (0.0, None), "described": (None, 2.5), "open": (None, None)}


def test_a_file_of_before_there_were_errors_opens_without_them(run, tmp_path, monkeypatch):
    """As format 1 wrote it: neither certificate nor uncertainty is in it."""
    kept = store._document

    def of_format_1(run):
        old = kept(run) | {"format": 1}
        return {name: value for name, value in old.items() if name not in ("certificate", "uncertainty")}

    monkeypatch.setattr(store, "_document", of_format_1)
    save(run, tmp_path / "a")
    opened = load(tmp_path / "a")
    assert opened.certificate is None and opened.uncertainty is None and same(opened, run)


def test_second_save_of_an_opened_run_is_the_same_file(run, tmp_path):
    save(run, tmp_path / "a")
    save(load(tmp_path / "a"), tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_strided_and_foreign_byte_order_arrays_are_saved_right(run, tmp_path):
    odd = replace(run, columns={"x": np.arange(6.0)[::2], "y": np.arange(3.0).astype(">f8")})
    save(odd, tmp_path / "a")
    opened = load(tmp_path / "a").columns
    assert opened["x"].tolist() == [0, 2, 4] and opened["y"].tolist() == [0, 1, 2]


def test_metadata_is_legal_json(run, tmp_path):
    def refuse(word):
        raise AssertionError(word)

    save(run, tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")], parse_constant=refuse)
    text = json.loads(header["__metadata__"]["downslope"], parse_constant=refuse)
    assert text["format"] == 4 and text["loss"] == {"not finite": "inf"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"x,y\n1,2\n", "another kind of file"),
        (pickle.dumps({"a": 1}), "another kind of file"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{}      ", "not written by downslope"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{[[[[[[[", "damaged"),
        (b"\xff\x00\x00\x00\x00\x00\x00\x00{}", "cut short"),
        (b"\x00\x00\x00\x00\x00\x00\x00\x7f{}", "another kind of file"),
    ],
)
def test_other_files_are_refused_with_the_reason(content, reason, tmp_path):
    path = tmp_path / "a.downslope"
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_missing_folder_and_zip_are_refused(tmp_path):
    with pytest.raises(DataError, match="is no file"):
        load(tmp_path / "nothing")
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(DataError, match="cannot read|is no file"):
        load("a\0b")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("a", "b" * 100)
    with pytest.raises(DataError, match="another kind of file"):
        load(tmp_path / "a.zip")


def test_newer_format_is_refused_in_words(run, tmp_path, monkeypatch):
    monkeypatch.setattr("downslope.history.store.FORMAT", 7)
    save(run, tmp_path / "a")
    monkeypatch.setattr("downslope.history.store.FORMAT", 3)
    with pytest.raises(DataError, match=r"written by a newer downslope \(format 7; this one reads up to 3\)"):
        load(tmp_path / "a")


def test_every_cut_is_noticed(run, tmp_path):
    save(run, tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    for length in [*range(1, 40), *range(40, len(content), 97), len(content) - 1]:
        (tmp_path / "cut").write_bytes(content[:length])
        with pytest.raises(DataError):
            load(tmp_path / "cut")
    (tmp_path / "cut").write_bytes(content[:-1])
    with pytest.raises(DataError, match="is cut short"):
        load(tmp_path / "cut")


@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_bit_never_changes_the_answer(run, tmp_path, data):
    save(run, tmp_path / "a", force=True)
    content = bytearray((tmp_path / "a").read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (tmp_path / "a").write_bytes(content)
    with contextlib.suppress(DataError):
        assert same(load(tmp_path / "a"), run)


def test_opening_imports_no_jax(run, tmp_path):
    save(run, tmp_path / "a")
    code = (
        "import sys; from downslope.history import load; run = load(sys.argv[1]); print(run.text); "
        "sys.exit(any(name in sys.modules for name in ('jax', 'polars', 'matplotlib', 'rich', 'scipy')))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "y = w*x\n", "")
