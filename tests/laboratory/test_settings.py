"""Settings there and back, and that what the page lists can be asked."""

from dataclasses import fields

import pytest

import downslope as ds
from downslope.laboratory import samples, settings
from downslope.laboratory.limits import Limits
from downslope.laboratory.refused import Refused

LINE = {"data": "line", "formula": "y = w*x + b"}


@pytest.mark.parametrize(
    "flat",
    [
        {"learning_rate": 0.1, "steps": 5},
        {"start.w": -0.5, "start.b": 2.0, "bounds.w": "-1.0,", "loss": "huber(1)"},
        {"fixed.b": 0.5, "scale": "columns", "seed": 3, "batch_size": 10},
        {"tied.b": "2*w", "tolerance": 1e-6, "validation": 0.2},
        {"sigma": "x", "sigma_is": "relative", "optimizer": "adam(b1=0.8)"},
        {"n": 50, "noise": 0.1, "seed_data": 7, "learning_rate": "cosine(0.1)"},
    ],
)
def test_settings_survive_the_way_there_and_back(flat):
    assert settings.flat(settings.read(LINE | flat, Limits())) == LINE | flat


def test_a_plan_is_the_same_after_a_way_through_an_address():
    plan = ds.Plan(optimizer="gd", learning_rate=0.1, steps=5, start={"w": 1.0}, bounds={"b": (None, 3.0)})
    flat = settings.flat(settings.Asked("line", "y = w*x + b"), plan)
    texts = {name: str(value) for name, value in flat.items()}
    assert ds.Plan(**settings.read(texts, Limits()).plan) == plan


def test_every_field_of_a_plan_is_a_setting_or_left_out_for_a_reason():
    known = {entry.name for entry in fields(ds.Plan)}
    assert set(settings.LEFT_OUT) <= known
    assert known - set(settings.LEFT_OUT) <= set(settings.names())


@pytest.mark.parametrize("loss", settings.LOSSES)
def test_every_loss_that_the_page_lists_is_known(loss):
    counts = {"x": [0.0, 1.0, 2.0, 3.0], "y": [0.0, 1.0, 0.0, 1.0]}
    assert ds.fit("y = w*x + b", counts, loss=loss, optimizer="gd", learning_rate=0.01, steps=1).history.step[-1] == 1


@pytest.mark.parametrize("rule", settings.RULES)
def test_every_rule_that_the_page_lists_steps(rule):
    asked = settings.read(LINE | {"optimizer": rule, "steps": 2}, Limits())
    assert asked.stepping
    assert ds.fit(asked.formula, ds.sample("line"), **asked.plan).history.step[-1] == 2


@pytest.mark.parametrize("search", settings.SEARCHES)
def test_every_search_that_the_page_lists_finds_its_own_way(search):
    loss = "mae" if search == "linear-programming" else "mse"
    asked = settings.read(LINE | {"optimizer": search, "loss": loss}, Limits())
    assert not asked.stepping
    fit = ds.fit(asked.formula, ds.sample("line"), **asked.plan)
    assert fit.state == "certified"
    assert set(settings.filled_in(asked, fit)) == set(settings.flat(asked))


@pytest.mark.parametrize("sample", samples.SAMPLES, ids=lambda sample: sample.name)
def test_every_sample_is_seen_learning_with_its_first_settings(sample):
    asked = settings.read(samples.first(sample.name), Limits())
    fit = ds.fit(asked.formula, samples.table(asked.data, asked.made), **asked.plan)
    assert fit.state != "untrusted" and fit.loss < 0.9 * fit.history.loss[0]


@pytest.mark.parametrize("sample", [each for each in samples.SAMPLES if each.made], ids=lambda sample: sample.name)
def test_the_numbers_of_a_made_sample_can_be_set(sample):
    assert samples.table(sample.name, {"n": 7, "noise": 0.0, "seed_data": 1}).rows == 7


def test_a_truth_with_several_columns_draws_them_all():
    made = {"truth": "y = a + 2*b", "n": 5, "draw.a": "normal(0, 1)"}
    assert samples.table("made", made).available == ("a", "b", "y")
    with pytest.raises(Refused, match="draw"):
        samples.call("line", {"draw.x": "normal(0, 1)"})
