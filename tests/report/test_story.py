from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downslope.diagnosis import Finding
from downslope.history import Curvature, History, Readings, Reference
from downslope.plan import Plan
from downslope.repair import Repair
from downslope.report import story

TEXTS = st.text(max_size=80) | st.sampled_from(
    ["\x1b[31mred\x1b[0m\x07", "a\nb\rc", "x" * 500, "\u202eright to left", "漢字 " * 60]
)
FINDINGS = st.builds(
    Finding,
    symptom=st.sampled_from(["diverging", "crawling", "ravine", "unscaled-inputs", "outliers"]),
    severity=st.sampled_from(["fault", "warning"]),
    first_step=st.integers(0, 10**9),
    evidence=st.just({}),
    message=TEXTS,
    remedy=st.dictionaries(st.sampled_from(["learning_rate", "steps", "start"]), st.floats(1e-300, 1e300) | TEXTS),
)


@pytest.fixture
def measured(run):
    w, b = np.array([0.8, 0.6]), np.array([-0.6, 0.8])
    curvature = Curvature(
        ("w", "b"), np.array([5000]), np.array([5883.0]), np.array([0.17]), np.array([0.17, 5883]), w, b
    )
    known = Reference(2.9, np.ones(2), np.ones(2), "closed-form")
    return replace(run, readings=Readings(curvature=curvature, reference=known))


def test_healthy_run_in_a_few_lines(measured):
    assert story(measured, ()).splitlines() == [
        "asked      celsius = w*unknown + b  (thermometer.csv, 11 rows); optimizer gd, learning_rate 0.01,",
        "           steps 5000",
        "loss       80.36 at step 0, 22.15 at step 100, 2.928 at step 5,000",
        "state      usable",
        "found      nothing wrong with the training",
        "valley     steepest where w and b rise together (w 64 %, b 36 %), curvature 5883; flattest where w",
        "           falls while b rises (w 36 %, b 64 %), 0.17",
        "cost       gd, learning rate 0.01, 5,000 steps in 12 ms; 0.0276 above the lowest loss known (2.9, by",
        "           closed-form)",
    ]


def test_a_finding_is_told_with_what_to_change(run, diverged):
    said = story(run, (diverged,))
    assert "found      diverging: the loss was 1.76e3 at the start\n" in said
    assert "learning_rate=0.00017" in said.split("to change")[1]


def test_a_repair_is_told_instead(run, diverged):
    better = replace(run, plan=run.plan.changed(learning_rate=1.7e-4), loss=2.5)
    from types import SimpleNamespace

    def fitted(each):
        return SimpleNamespace(run=each, plan=each.plan, loss=each.loss)

    repair = Repair(fitted(better), fitted(run), (), "diverging, cured by a change of learning_rate to 0.00017")
    said = story(better, (), repair)
    assert "repair     diverging, cured by a change of learning_rate to 0.00017" in said
    assert "learning_rate: 0.01 -> 0.00017" in said and "to change" not in said
    same = fitted(run)
    left = story(run, (), Repair(same, same, (), "nothing is wrong with this training; it was left as it is"))
    assert "it was left as it is" in left and "changed" not in left.split("repair")[1]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    findings=st.lists(FINDINGS, max_size=12), width=st.integers(60, 300), text=TEXTS.filter(str.strip), source=TEXTS,
    reasons=st.lists(TEXTS, max_size=9).map(tuple),
)  # fmt: skip
def test_fifteen_lines_are_enough_for_anything(measured, findings, width, text, source, reasons):
    run = replace(measured, text=text, source=source, reasons=reasons, state="untrusted")
    lines = story(run, findings, width=width).splitlines()
    assert 5 <= len(lines) <= 15
    assert [line for line in lines if len(line) > max(60, width)] == []
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for line in lines for character in line)
    assert lines[0].startswith("asked      ") and any(line.startswith("cost  ") for line in lines)
    if findings:
        assert any(line.startswith("found ") for line in lines)
    if len(findings) > 3:
        assert f"and {len(findings) - 3} more" in " ".join(lines)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(width=st.integers(-5, 59))
def test_a_narrower_terminal_gets_sixty_columns(measured, width):
    assert story(measured, (), width=width) == story(measured, (), width=60)


def test_many_parameters_with_long_names_still_fit(run, diverged):
    names = tuple(f"{'parameter_with_a_long_name_' * 3}{number}" for number in range(40))
    history = History.of(names, step=[0, 9], loss=[2.0, 1.0], params=np.ones((2, 40)))
    direction = np.ones(40) / np.sqrt(40)
    curvature = Curvature(names, np.array([9]), np.array([2.0]), np.array([1.0]), np.ones(40), direction, direction)
    many = replace(
        run, parameters=names, params=np.ones(40), history=history, readings=Readings(curvature=curvature),
        plan=Plan(optimizer="gd", learning_rate=0.1, start=dict.fromkeys(names, 1.0)), text=" + ".join(names),
    )  # fmt: skip
    start = replace(diverged, remedy={"start": dict.fromkeys(names, 0.123456789)})
    lines = story(many, (start,) * 5).splitlines()
    assert len(lines) <= 15 and max(map(len, lines)) <= 100


def test_the_change_is_said_even_where_the_formula_is_long(run, diverged):
    long = replace(run, text="y = " + " + ".join(f"w{k}*x{k}" for k in range(60)))
    assert "learning_rate=0.00017" in story(long, (diverged,), width=80)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ([5.0, 1.0, 3.0], "5 at step 0, 1 at step 1 (the lowest), 3 at step 2"),
        ([5.0, np.inf], "5 at step 0, no finite number at step 1"),
        ([np.nan, np.nan], "no number from the first step on"),
        ([], "no step was seen"),
        ([4.0], "4 at step 0"),
        ([2.0, 2.0, 2.0], "2 at step 0, 2 at step 2"),
    ],
)
def test_the_loss_is_told_where_it_mattered(run, loss, expected):
    history = History.of(("w", "b"), step=range(len(loss)), loss=loss, params=np.ones((len(loss), 2)))
    assert f"loss       {expected}\n" in story(replace(run, history=history, loss=1.0), ())


def test_opening_a_story_needs_no_jax(tmp_path, measured):
    import subprocess
    import sys

    from downslope.history import save

    save(measured, tmp_path / "a.downslope")
    code = (
        "import sys, downslope as ds; print(ds.load(sys.argv[1]).explain()); "
        "sys.exit(any(name in sys.modules for name in ('jax', 'scipy', 'polars', 'matplotlib')))"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "a.downslope"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "asked      celsius" in done.stdout
