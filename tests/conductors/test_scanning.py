import json

import numpy as np
import pytest

import downslope as ds
from downslope.report.rate_scan import SHADES

FORMULA = "celsius = w*unknown + b"


@pytest.fixture(scope="module")
def thermometer():
    return ds.sample("thermometer")


@pytest.fixture(scope="module")
def scaled(thermometer):
    """Unknown units over ten, as in the lesson."""
    return {"unknown": 0.1 * thermometer["unknown"], "celsius": thermometer["celsius"]}


def border(*asked, limit: float, steps: int, **settings) -> float:
    """The rate from which on real runs no longer settle, in units of a limit: the first of many that does not."""
    tried = limit * np.linspace(0.95, 1.05, 101)
    runs = ds.scan(*asked, rates=tried, steps=steps, **settings)
    settles = np.array([outcome in ("learns", "overshoots", "stalls") for outcome in runs.seen])
    assert settles[0] and not settles[-1]
    return float(runs.rates[np.argmin(settles)] / limit)


def test_the_limit_of_the_raw_thermometer_is_the_one_listed(seeds, thermometer):
    scan = ds.scan(FORMULA, thermometer, steps=500)
    golden = seeds["thermometer"]["unnormalised"]
    assert scan.limit == pytest.approx(golden["largest_stable_rate"], rel=1e-9)
    assert scan.limit == pytest.approx(3.399e-4, rel=1e-3)
    assert scan.fastest == pytest.approx(golden["fastest_rate"], rel=1e-9)
    assert scan.condition == pytest.approx(golden["condition_number"], rel=1e-6)
    assert scan.agree > 0.98 and scan.outcomes == scan.foretold
    assert border(FORMULA, thermometer, limit=scan.limit, steps=3000) == pytest.approx(1.0, abs=0.01)


def test_the_limit_of_the_scaled_thermometer_is_the_one_listed(seeds, scaled):
    scan = ds.scan(FORMULA, scaled)
    assert scan.limit == pytest.approx(seeds["thermometer"]["normalised"]["largest_stable_rate"], rel=1e-6)
    assert scan.limit == pytest.approx(0.03298, rel=1e-3)
    assert border(FORMULA, scaled, limit=scan.limit, steps=3000) == pytest.approx(1.0, abs=0.01)
    assert scan.words[0].startswith("w") and set(scan.outcomes) <= set(SHADES)


CURVED = {
    "exponential": ("y = a*exp(-b*x) + c", lambda x: 2.5 * np.exp(-1.3 * x) + 0.5, {}),
    "logistic curve": ("y = a/(1 + exp(-b*(x - c)))", lambda x: 3 / (1 + np.exp(-2 * (x - 2))), {"start": {"c": 1.5}}),
    "gaussian": ("y = a*exp(-((x - c)/w)**2)", lambda x: 3 * np.exp(-(((x - 2) / 0.7) ** 2)), {"start": {"c": 1.5}}),
    "huber": ("y = w*x + b", lambda x: 2 * x + 1, {"loss": "huber(1)"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CURVED))
def test_near_the_minimum_of_a_curved_valley_the_limit_holds_to_a_percent(name):
    """From a start beside the minimum: from afar a rate may lead elsewhere, which theory does not foretell."""
    formula, truth, settings = CURVED[name]
    x = np.linspace(0.0, 4.0, 60)
    data = {"x": x, "y": truth(x) + 0.02 * np.random.default_rng(0).standard_normal(60)}
    answer = ds.fit(formula, data, **settings)
    start = {each: value * 1.0001 + 1e-5 for each, value in answer.params.items()}
    scan = ds.scan(formula, data, steps=500, **{**settings, "start": start})
    close = ds.scan(
        formula, data, rates=scan.limit * np.array([0.99, 1.01]), steps=6000, **{**settings, "start": start}
    )
    assert close.losses[0] == pytest.approx(close.lowest, rel=1e-6)
    assert close.losses[1] > close.lowest * (1 + 1e-4)


def test_rules_have_their_own_limits(scaled):
    plain = ds.scan(FORMULA, scaled).limit
    heavy = ds.scan(FORMULA, scaled, optimizer="momentum(0.8)").limit
    ahead = ds.scan(FORMULA, scaled, optimizer="nesterov(0.8)").limit
    assert heavy / plain == pytest.approx(1.8) and ahead / plain == pytest.approx(1.8 / 2.6)
    assert border(FORMULA, scaled, limit=heavy, steps=3000, optimizer="momentum(0.8)") == pytest.approx(1.0, abs=0.01)
    assert border(FORMULA, scaled, limit=ahead, steps=3000, optimizer="nesterov(0.8)") == pytest.approx(1.0, abs=0.01)


def test_adam_comes_to_its_edge(thermometer):
    scan = ds.scan(FORMULA, thermometer, scale="columns", optimizer="adam", steps=20_000)
    assert 0.01 < scan.limit < 0.1 and not scan.foretold and np.isnan(scan.agree)
    assert "edge of stability" in scan.summary()
    short = ds.scan(FORMULA, thermometer, scale="columns", optimizer="adam", steps=100)
    assert np.isnan(short.limit) and "no run came to its edge" in short.summary()


def test_scaled_columns_are_what_the_descent_works_in(thermometer):
    scan = ds.scan(FORMULA, thermometer, scale="columns")
    fit = ds.fit(FORMULA, thermometer, scale="columns", optimizer="gd", learning_rate=scan.fastest, steps=200)
    assert scan.condition < 5 and fit.loss == pytest.approx(scan.lowest, rel=1e-9)


def test_steps_needed_are_those_of_a_fit(scaled):
    scan = ds.scan(FORMULA, scaled)
    place = 150
    rate, needed = float(scan.rates[place]), int(scan.steps_needed[place])
    fit = ds.fit(FORMULA, scaled, optimizer="gd", learning_rate=rate, steps=needed)
    level = float(np.var(np.array(scaled["celsius"])))
    arrived = fit.history.loss <= 1.01 * scan.lowest + 1e-6 * level
    assert arrived[-1] and not arrived[-2]
    assert scan.arrived[place] == needed or np.isnan(scan.arrived[place])


def test_fixed_tied_and_bounded_parameters_take_part_as_they_may(scaled):
    whole, held = ds.scan(FORMULA, scaled), ds.scan(FORMULA, scaled, fixed={"b": -17.0})
    x = np.asarray(scaled["unknown"])
    assert held.limit == pytest.approx(1 / np.mean(x**2)) and held.words == ("w alone", "w alone")
    resting = ds.scan(FORMULA, scaled, bounds={"b": (-5.0, None)})
    assert resting.limit == pytest.approx(held.limit) and resting.outcomes == resting.seen
    assert whole.limit < held.limit
    tied = ds.scan(FORMULA, scaled, tied={"b": "-3*w"})
    assert tied.limit == pytest.approx(1 / np.mean((x - 3) ** 2))


def test_kinks_have_no_theory_and_say_so(scaled):
    scan = ds.scan(FORMULA, scaled, loss="mae")
    assert np.isnan(scan.limit) and scan.curvature is None and not scan.foretold
    assert any("kinks" in note for note in scan.notes) and np.isfinite(scan.best)
    x = np.linspace(0.0, 4.0, 30)
    hinges = ds.scan("y = a*relu(x - b)", {"x": x, "y": np.maximum(0, x - 1)}, start={"a": 2.0, "b": 0.5})
    assert np.isnan(hinges.limit) and hinges.losses.min() < hinges.start_loss


def test_many_rows_of_a_line_are_run_on_all_of_them():
    generator = np.random.default_rng(0)
    x = generator.standard_normal(60_000)
    data = {"x": x, "y": 2 * x + 1 + generator.standard_normal(60_000)}
    scan = ds.scan("y = w*x + b", data)
    design = np.column_stack([x, np.ones_like(x)])
    curvature = np.linalg.eigvalsh(2 * design.T @ design / x.size)
    assert scan.limit == pytest.approx(2 / curvature[-1], rel=1e-9)
    assert not any("rows" in note for note in scan.notes) and scan.agree > 0.9


def test_batches_have_a_floor_that_rises_with_the_rate():
    generator = np.random.default_rng(0)
    x = generator.standard_normal(200)
    data = {"x": x, "y": 2 * x + 1 + 0.3 * generator.standard_normal(200)}
    scan = ds.scan("y = w*x + b", data, batch_size=10, steps=2000)
    known = scan.floor[np.isfinite(scan.floor)]
    assert not scan.foretold and (np.diff(known) >= 0).all() and scan.floor[100] > 0
    place = int(np.argmin(np.abs(scan.rates - 0.2)))
    excess = scan.losses[place - 8 : place + 9] - scan.lowest
    assert excess.mean() == pytest.approx(scan.floor[place - 8 : place + 9].mean(), rel=0.6)
    whole = ds.scan("y = w*x + b", data)
    assert not whole.floor.any() and "bounces" in scan.outcomes
    single = ds.scan("y = w*x + b", data, optimizer="sgd", steps=2000)
    assert single.floor[150] > scan.floor[150]


def test_of_many_parameters_only_the_ends_of_the_spectrum_are_sought(scaled, monkeypatch):
    whole = ds.scan(FORMULA, scaled)
    monkeypatch.setattr("downslope.grounding.FEW_PARAMETERS", 1)
    scan = ds.scan(FORMULA, scaled)
    assert any("ends of the spectrum" in note for note in scan.notes)
    assert scan.limit == pytest.approx(whole.limit, rel=1e-6) and scan.words == whole.words


def test_own_rates_and_a_rate_to_be_judged(scaled):
    scan = ds.scan(FORMULA, scaled, rates=[0.05, 0.001, 0.001, 0.02], learning_rate=0.05, steps=3000)
    assert scan.rates.tolist() == [0.001, 0.02, 0.05]
    assert scan.outcome(0.05) == "diverges" and scan.outcomes[1] == "overshoots"
    assert "yours" in str(scan) and "diverges" in str(scan)


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"optimizer": "closed-form"}, "takes no learning rate"),
        ({"optimizer": "lbfgs"}, "takes no learning rate"),
        ({"learning_rate": "cosine(0.1)"}, "constant rates"),
        ({"rates": [0.1, -1.0]}, "positive numbers"),
        ({"rates": []}, "positive numbers"),
        ({"rates": "many"}, "positive numbers"),
        ({"rates": [np.nan]}, "positive numbers"),
        ({"batch_size": 12}, "only 11 rows"),
        ({"optimiser": "gd"}, "optimizer"),
        ({"optimizer": "gdd"}, "gd"),
        ({"repair": True}, "repairs nothing"),
        ({"steps": -1}, "steps"),
    ],
)
def test_what_cannot_be_scanned_is_refused(scaled, settings, said):
    with pytest.raises(ds.RequestError, match=said):
        ds.scan(FORMULA, scaled, **settings)


def test_an_optax_transformation_is_refused(scaled):
    optax = pytest.importorskip("optax")
    with pytest.raises(ds.RequestError, match="holds its own rate"):
        ds.scan(FORMULA, scaled, optimizer=optax.sgd(0.1))


def test_a_start_that_is_no_number_is_refused():
    with pytest.raises(ds.RequestError, match="at the start"):
        ds.scan("y = log(w*x)", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, start={"w": -1.0}, optimizer="gd")


def test_summary_picture_and_json(scaled):
    scan = ds.scan(FORMULA, scaled)
    assert len(str(scan).splitlines()) <= 16 and all(len(line) <= 80 for line in str(scan).splitlines())
    assert "learning rate" in scan.sketch() and scan.plot().get_xlabel() == "learning rate"
    values = json.loads(scan.as_json())
    assert values["limit"] == scan.limit and len(values["rates"]) == 256 and values["outcomes"][-1] == "diverges"
    assert values["curvature"]["names"] == ["w", "b"]


def test_a_start_at_the_minimum_has_nothing_to_learn():
    scan = ds.scan("y = w*x", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, start={"w": 1.0})
    assert scan.limit == pytest.approx(0.4) and "diverges" in scan.outcomes and str(scan)


@pytest.mark.slow
def test_your_start_may_lead_to_a_higher_minimum():
    x = np.linspace(-2.0, 2.0, 60)
    data = {"x": x, "y": np.sin(2 * x) + 0.05 * np.random.default_rng(0).standard_normal(60)}
    start = {"a": 0.5, "b": 1.0, "c": 0.3, "d": -0.4, "f": 0.8, "h": -0.5, "k": 0.1}
    scan = ds.scan("y = a*tanh(b*x + c) + d*tanh(f*x + h) + k", data, start=start, steps=2000)
    assert 1e-3 < scan.limit < 2.0, "the limit is that of where the start leads, not of a far minimum"
    assert scan.lowest < 0.02 and any("lowest known" in note or "is known" in note for note in scan.notes)
