from dataclasses import replace

import pytest

from downslope.history.store import Described
from downslope.report import words


def test_what_ran_is_one_line(run):
    assert words.did(run) == "gd, learning rate 0.01, 5,000 steps in 12 ms"
    chosen = replace(run, chosen={"optimizer": "adam", "learning_rate": "cosine(0.1)"}, seconds=75.0)
    assert words.did(chosen) == "adam, learning rate cosine(0.1), 5,000 steps in 1 min 15 s"


def test_batches_are_told(run):
    assert "32 rows a step" in words.did(replace(run, history=replace(run.history, batch_size=32)))


@pytest.mark.parametrize(("choice", "name"), [(len, "len"), (Described("my_loss"), "my_loss"), ("mae", "mae")])
def test_anything_chosen_has_a_name(choice, name):
    assert words.called(choice) == name


def test_finding_says_what_to_try(diverged):
    assert words.finding(diverged) == "diverging: the loss was 1.76e3 at the start. Try learning_rate=0.00017"


def test_unknown_stop_is_said_as_it_is(run):
    assert words.stopped(run) == "all 5,000 steps taken"
    assert "kept" in words.stopped(replace(run, stopped="interrupted"))


def test_the_kind_of_errors_is_one_line(run, trusted):
    assert words.errors(run) == ""
    one = replace(trusted.uncertainty, freedom=1)
    assert words.errors(replace(trusted, uncertainty=one)).endswith("the residuals, 1 degree of freedom")
