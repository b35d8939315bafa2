"""Every lesson runs, prints what it teaches, and what it prints is right."""

import re
import runpy
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
Lesson = Callable[[str], tuple[dict[str, Any], str]]


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lesson:
    """Runs a script in an empty folder: the names it leaves behind, and what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(name: str) -> tuple[dict[str, Any], str]:
        left = runpy.run_path(str(EXAMPLES / f"{name}.py"))
        assert list(tmp_path.iterdir()) == [], "a lesson writes no files"
        return left, capsys.readouterr().out

    return run


def test_line_is_where_the_course_says_after_200_and_400_steps(lesson: Lesson, seeds: dict[str, Any]) -> None:
    left, said = lesson("line")
    for fit, after in ((left["fit"], "after_200"), (left["more"], "after_400")):
        expected = seeds["line"]["example"][after]
        assert fit.params == pytest.approx({"w": expected["w"], "b": expected["b"]}, rel=1e-12)
        assert fit.loss == pytest.approx(expected["loss"], rel=1e-12)
    assert re.search(r"^w: estimated 0\.1009, true 0\.1000$", said, re.MULTILINE)
    assert re.search(r"^ +200  0\.13424  \+0\.47898  0\.0002122$", said, re.MULTILINE)


def test_thermometer_learns_when_scaled(lesson: Lesson, seeds: dict[str, Any]) -> None:
    left, said = lesson("thermometer")
    expected = seeds["thermometer"]["normalised"]["float64"]
    assert left["good"].params == pytest.approx({"w": expected["w"], "b": expected["b"]}, rel=1e-9)
    for epoch in (1, 10, 100, 1000, 5000):
        assert f"epoch {epoch:>4}  loss {expected['loss_at_epoch'][str(epoch)]:.4f}" in said


def test_thermometer_raw_ends_in_words(lesson: Lesson, seeds: dict[str, Any]) -> None:
    left, said = lesson("thermometer")
    expected = seeds["thermometer"]["unnormalised"]
    bad = left["bad"]
    for epoch, loss in expected["loss_at_epoch"].items():
        assert bad.history.loss[int(epoch) - 1] == pytest.approx(loss, rel=1e-9)
    first_lost = expected["first_epoch_with_nonfinite_loss"]["float64"]
    assert f"untrusted: the numbers were no longer finite at step {first_lost - 1}" in said
    assert bad.findings[0].evidence["largest stable rate"] == pytest.approx(expected["largest_stable_rate"], rel=1e-9)
    assert left["again"].loss < bad.history.loss[0]


def test_quadratic_mae_does_not_add_gradients_up(lesson: Lesson, seeds: dict[str, Any]) -> None:
    left, said = lesson("quadratic_mae")
    expected = seeds["quadratic"]
    assert left["history"].loss[0] == pytest.approx(expected["loss_at"], rel=1e-12)
    assert left["history"].gradient[0] == pytest.approx(expected["gradient_at"], rel=1e-12)
    assert left["history"].loss[1:11] == pytest.approx(expected["losses_correct"]["losses"], rel=1e-12)
    assert re.findall(r"loss (\d\.\d\d) ", said) == expected["losses_correct"]["printed"]


def test_plane_settles_with_a_falling_rate_only(lesson: Lesson) -> None:
    left, said = lesson("plane_sgd")
    fits = [left[name] for name in ("fixed", "falling", "all_rows")]
    fixed, falling, all_rows = (np.linalg.norm(fit.history.params[-1] - left["truth"]) for fit in fits)
    assert falling < 0.003  # three standard errors of a plane through 1,000 rows with noise of 0.01 are 0.002
    assert falling < fixed / 3 < all_rows / 30
    assert "truth: y = -2.6*x1 - 2.0*x2 - 1.6" in said


def test_more_hinges_follow_the_parabola_better(lesson: Lesson) -> None:
    left, said = lesson("relu_sum")
    losses = [left["fits"][hinges].loss for hinges in (2, 4, 8, 16)]
    assert all(after < before / 3 for before, after in pairwise(losses))
    assert losses[-1] < 1e-3
    assert len(re.findall(r"^ +\d+ hinges: mean squared error", said, re.MULTILINE)) == 4


def test_the_wrong_derivative_is_named(lesson: Lesson) -> None:
    left, said = lesson("check_gradient")
    assert left["first"].wrong == ("rate",)
    assert left["second"].ok
    assert "wrong: rate\n" in said and "the sign is turned" in said and "after the correction: all agree" in said


def test_a_decay_cures_the_bouncing(lesson: Lesson, seeds: dict[str, Any]) -> None:
    left, said = lesson("decay")
    lowest = seeds["quadratic"]["optimum_mae"]["loss"]
    above = {name: fit.loss - lowest for name, fit in left["fits"].items()}
    assert above["fixed"] > 1e-3
    assert max(value for name, value in above.items() if name != "fixed") < 1e-4
    assert f"{lowest:.5f}" in said


def test_every_lesson_is_tested() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in EXAMPLES.glob("*.py") if f'lesson("{path.stem}")' not in source] == []


CURED = {  # symptom -> the settings that the smallest cure of the lesson changes
    "diverging": {"learning_rate", "scale"},
    "overshooting": {"learning_rate"},
    "bouncing": {"learning_rate"},
    "crawling": {"learning_rate"},
    "ravine": {"optimizer", "learning_rate", "steps"},
    "unscaled_inputs": {"learning_rate", "scale"},
    "plateau": {"start"},
    "dead_units": {"start"},
    "local_minimum": {"start"},
    "overfitting": {"steps"},
    "nonfinite": {"learning_rate"},
}
IN_THE_DATA = {  # symptom -> what is said of it
    "outliers": "rows 7 and 31 carry",
    "undetermined": "cannot tell a and b apart",
    "ignored_parameter": "by r is 0",
}
WATCHED = {"summed_gradients", "untracked_parameter", "broadcast_loss"}  # other frameworks' loops: tests/watching


def first_found(left: dict[str, Any]) -> str:
    return left["fit"].findings[0].symptom.replace("-", "_")


@pytest.mark.parametrize("trouble", CURED)
def test_trouble_is_found_explained_and_cured(lesson: Lesson, trouble: str) -> None:
    left, said = lesson(f"troubles/{trouble}")
    fit, repair = left["fit"], left["repair"]
    assert first_found(left) == trouble
    assert fit.explain() in said and repair.reason in said
    assert repair.changed and repair.tried[-1].cured and set(repair.changes) <= CURED[trouble]
    if trouble == "overfitting":  # cured is what was held out, at the cost of the rows that were learned
        assert "overfitting" not in [found.symptom for found in repair.fit.findings]
        held_out = repair.fit.readings.validation
        assert held_out.losses[-1] < fit.readings.validation.losses[-1] / 2
    else:
        assert repair.fit.findings == () and not fit.loss < repair.fit.loss


@pytest.mark.parametrize("trouble", IN_THE_DATA)
def test_fault_in_the_data_is_said_and_no_training_tried(lesson: Lesson, trouble: str) -> None:
    left, said = lesson(f"troubles/{trouble}")
    repair = left["fit"].repair()
    assert first_found(left) == trouble
    assert repair.fit is left["fit"] and repair.tried == ()
    assert (
        repair.reason in said
        and IN_THE_DATA[trouble] in said
        and "a fault in the data, which no training cures" in said
    )
    better = left["robust"] if trouble == "outliers" else left["held"]
    assert better.findings == () and better.state != "untrusted"


@pytest.mark.torch
@pytest.mark.parametrize("trouble", sorted(WATCHED))
def test_trouble_of_a_watched_loop_is_found_and_gone_when_mended(lesson: Lesson, trouble: str) -> None:
    pytest.importorskip("torch", reason="needs PyTorch")
    left, said = lesson(f"troubles/{trouble}")
    before, after = left["runs"]
    assert before.findings[0].symptom.replace("-", "_") == trouble and after.findings == ()
    assert before.explain() in said


def test_the_robust_line_is_nearer_to_the_truth(lesson: Lesson) -> None:
    left, _ = lesson("troubles/outliers")
    off = [abs(fit.params["w"] - 2) + abs(fit.params["b"] - 1) for fit in (left["fit"], left["robust"])]
    assert off[1] < off[0] / 3


def test_crawling_arrives_in_the_steps_that_were_foretold(lesson: Lesson) -> None:
    left, said = lesson("troubles/crawling")
    assert left["longer"].findings == () and "of the same rate: nothing wrong" in said


def test_the_unit_that_slept_is_awake(lesson: Lesson) -> None:
    left, _ = lesson("troubles/dead_units")
    ((_, before, after),) = left["fit"].readings.units.on
    ((_, first, last),) = left["repair"].fit.readings.units.on
    assert (before, after) == (0, 0) and first > 0 and last > 0


def test_every_trouble_of_the_closed_list_has_its_lesson() -> None:
    from downslope.diagnosis.examine import BESIDE, CAUSES

    shown = {path.stem for path in (EXAMPLES / "troubles").glob("*.py")}
    asked = {symptom.__name__ for symptom in (*CAUSES, *BESIDE)}
    assert shown == asked == set(CURED) | set(IN_THE_DATA) | WATCHED
    assert all(len(path.read_text().splitlines()) <= 25 for path in (EXAMPLES / "troubles").glob("*.py"))
