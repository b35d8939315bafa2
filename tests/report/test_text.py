from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from downslope.diagnosis import Finding
from downslope.history import History, Uncertainty
from downslope.plan import Plan
from downslope.report import summary


def test_healthy_fit_word_for_word(run):
    assert summary(run) == (
        "celsius = w*unknown + b   thermometer.csv, 11 rows\n"
        "\n"
        "parameter   value       start\n"
        "w             5.36709   1\n"
        "b           -17.3012    0\n"
        "\n"
        "loss    2.92765   (mse)\n"
        "state   usable\n"
        "did     gd, learning rate 0.01, 5,000 steps in 12 ms: all 5,000 steps taken\n"
        "notes   1 row dropped (line 4): missing values\n"
    )


def test_trusted_fit_word_for_word(trusted):
    assert summary(trusted) == (
        "celsius = w*unknown + b   thermometer.csv, 11 rows\n"
        "\n"
        "parameter   value ± error   start\n"
        "w             5.37 ± 0.36   1\n"
        "b           -17.3  ± 1.9    0\n"
        "\n"
        "loss     2.92765   (mse)\n"
        "state    certified\n"
        "         the least-squares minimum, the only one\n"
        "errors   JᵀJ, size of the noise from the residuals, 9 degrees of freedom\n"
        "did      gd, learning rate 0.01, 5,000 steps in 12 ms: all 5,000 steps taken\n"
        "notes    1 row dropped (line 4): missing values\n"
    )


def test_what_is_special_about_a_parameter_stands_at_the_end_of_its_row(trusted):
    names = ("a", "b1", "b2", "c", "d")
    errors = np.array([np.inf, 0.02, 0.04, 0.0, np.nan])
    odd = replace(
        trusted,
        plan=Plan(fixed={"c": 1.0}, tied={"b2": "2*b1"}),
        parameters=names,
        params=np.array([3.0, 0.5, 1.0, 1.0, 7.0]),
        history=History.of(names, step=[0], loss=[1.0], params=np.ones((1, 5))),
        uncertainty=replace(trusted.uncertainty, covariance=np.diag(errors**2), resting={"b1": "lower"}),
    )
    rows = summary(odd).splitlines()[3:8]
    assert [line.rstrip() for line in rows] == [
        "a           3     ± inf     1",
        "b1          0.500 ± 0.020   1       on its lower bound",
        "b2          1.000 ± 0.040   1       tied: 2*b1",
        "c           1               1       fixed",
        "d           7               1",
    ]


def test_true_values_stand_beside_the_estimates(run):
    text = summary(replace(run, truth={"w": 5.4, "b": -17.5}))
    assert "value       true value   start" in text and "  5.36709     5.4        1" in text


def test_truth_of_other_parameters_leaves_gaps(run):
    assert "true value" in summary(replace(run, truth={"a": 1.0}))


def test_divergence_is_told_once(run, diverged):
    text = summary(replace(run, state="untrusted", reasons=(diverged.message,)), findings=[diverged])
    assert "state   untrusted: do not rely on these values\n        diverging: the loss was 1.76e3 at the start" in text
    assert text.count("at the start") == 1


@given(name=st.text(min_size=1, max_size=50))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_names_are_only_text(run, name):
    odd = replace(run, parameters=(name, "b"), text=f"y = {name}", source=name, notes=(name,), reasons=(name,))
    text = summary(odd)
    assert all(line.isprintable() for line in text[:-1].split("\n"))


def test_markup_and_escapes_are_shown_not_obeyed(run):
    odd = replace(run, parameters=("[bold]w[/bold]", "\x1b[31mb\n"), source="a\nb.csv", notes=("[red]:smile:",))
    text = summary(odd)
    assert "[bold]w[/bold]" in text and "\\x1b[31mb\\n" in text and "a\\nb.csv" in text and "[red]:smile:" in text


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("color", [False, True])
def test_everything_at_once_fits_the_screen(run, diverged, width, color):
    names = tuple(f"weight{place}" for place in range(500))
    history = History.of(names, step=[0, 1], loss=[1.0, 1e300], params=np.full((2, 500), -1.23456789e-300))
    much = replace(
        run, parameters=names, params=history.params[0], history=history, notes=("word " * 300,) * 50,
        reasons=("reason " * 100,) * 50, truth=dict.fromkeys(names, 1e300),
        plan=Plan(tied={"weight3": "weight4 + " * 99 + "1"}),
        uncertainty=Uncertainty(
            np.full((500, 500), 1e300), "JᵀJ, size of the noise from the residuals", 10**9, (),
            dict.fromkeys(names, "lower"),
        ),
    )  # fmt: skip
    text = summary(much, findings=[diverged] * 30, width=width, color=color)
    assert ("\x1b[" in text) == color
    if not color:
        assert max(map(len, text.splitlines())) <= width
    if width >= 80:
        assert len(text.splitlines()) <= 50
    assert "… and 490 more" in text or width < 80


def test_run_without_steps_and_without_rows(run):
    assert "0 steps" in summary(replace(run, history=History.of(("w", "b"), step=[], loss=[]), loss=np.nan))


def test_color_does_not_hang_on_the_environment(run, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "7")
    assert "\x1b[" in summary(run, color=True)
    assert "celsius = w*unknown + b   thermometer.csv" in summary(run)


def test_why_it_stopped_is_told_once(run):
    text = summary(replace(run, reasons=("all 5,000 steps taken, as asked",)))
    assert text.count("all 5,000 steps taken") == 1


def test_warning_is_shown_beside_a_usable_state(run):
    text = summary(run, findings=[Finding("crawling", "warning", 3, {}, "4,000 more steps are needed")])
    assert "crawling: 4,000 more steps are needed" in text
