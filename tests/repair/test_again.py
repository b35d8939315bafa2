import shlex

import numpy as np
import pytest
from runs import as_run

import downslope as ds
from downslope.history import History
from downslope.plan import Plan
from downslope.repair import as_command, as_python

HISTORY = History.of(("w",), step=[0, 1], loss=[4.0, 1.0], params=[[2.0], [1.0]])


def planned(source="t.csv", **known):
    text = known.pop("text", "y = w*x")
    return as_run(HISTORY, plan=Plan(**known), text=text, source=source)


def test_python_and_command_say_the_same():
    run = planned(optimizer="momentum(0.9)", learning_rate=0.1, steps=200, start={"w": -1.0})
    assert as_python(run) == (
        "ds.fit('y = w*x', data, optimizer='momentum(0.9)', learning_rate=0.1, steps=200, start={'w': -1.0})"
    )
    assert as_command(run) == (
        "downslope fit t.csv 'y = w*x' '--optimizer=momentum(0.9)' --learning-rate=0.1 --steps=200 --start.w=-1.0"
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "gd", "learning_rate": "cosine(0.1)", "epochs": 3, "batch_size": 4, "start": {"w": -1e-300}},
        {"bounds": {"w": (None, 5)}, "loss": "huber(1.5)", "scale": "columns", "tolerance": 1e-8, "seed": 7},
        {"bounds": {"w": (-1, None)}, "tied": {"b2": "-2*b1"}, "repair": True, "validation": 0.2},
        {"fixed": {"c": 1.0}, "sigma": "my sigma", "sigma_is": "absolute"},
    ],
)
def test_the_command_line_reads_its_own_command(settings):
    from cyclopts import App

    from downslope.cli import commands
    from downslope.cli.options import asked

    seen = {}

    def fit(*words, target=None, truth=None, plan=None, files=None, output=None):
        seen.update(words=words, plan=Plan(**asked(plan)))
        return 0

    line = App(name="downslope")
    fit.__annotations__ = commands.fit.__annotations__
    line.command(fit)
    words = shlex.split(as_command(planned(**settings)))
    line(words[1:], exit_on_error=False, print_error=False, result_action="return_value")
    assert seen == {"words": ("t.csv", "y = w*x"), "plan": Plan(**settings)}


def test_a_run_that_was_gone_on_with_is_told_leg_by_leg(tmp_path):
    data = ds.sample("line")
    asked = {"optimizer": "momentum", "learning_rate": 0.05, "start": {"w": 0.0, "b": -1.0}}
    run = ds.fit("y = w*x + b", data, steps=20, **asked).resume(steps=30, learning_rate=0.01).resume().resume(epochs=5)
    line = as_python(run.run)
    assert line.endswith(".resume(learning_rate=0.01, steps=30).resume(steps=30).resume(epochs=5)")
    again = eval(line, {"ds": ds, "data": data})  # noqa: S307
    assert np.array_equal(again.history.params, run.history.params) and again.params == run.params
    assert as_command(run.run) == ""
    run.save(tmp_path / "run.downslope")
    assert as_python(ds.load(tmp_path / "run.downslope").run) == line


def test_a_run_that_was_stopped_by_hand_says_so():
    stopped = ds.fit(
        "y = w*x + b", ds.sample("line"), optimizer="adam", learning_rate=0.1, steps=10**6,
        progress=lambda blocks: [next(blocks)],
    )  # fmt: skip
    assert as_python(stopped.run).endswith(f"  # stopped by hand after {stopped.run.steps} steps")


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("sample line", "DATA"),
        ("a b.csv", "'a b.csv'"),
        ("-rf.csv", "./-rf.csv"),
        ("x\n.csv", "DATA"),
        ("$(id).csv", "'$(id).csv'"),
    ],
)
def test_data_are_named_where_they_are_a_file(source, word):
    assert as_command(planned(source)) == f"downslope fit {word} 'y = w*x'"


def test_what_no_command_can_say():
    assert as_command(planned(weights=np.ones(2))) == ""
    run = as_run(HISTORY, text="model(x, w)", is_code=True)
    assert as_command(run) == "" and as_python(run) == "ds.fit(model, data, 'y')"
    watched = as_run(HISTORY)
    watched.chosen["watched"] = "jax"
    assert as_command(watched) == as_python(watched) == ""
