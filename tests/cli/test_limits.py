"""Bounds, fixed and tied parameters and the meaning of sigma, from the words of the command line to the plan."""

import pytest

import downslope as ds
from downslope.cli import main

FIT = ("fit", "t.csv", "y = a*exp(-b_1*x) + Kmax")


class Reached(ds.DownslopeError):
    """The fit would begin now."""


@pytest.fixture
def asked(tmp_path, monkeypatch, capsys):
    """The plan that words of the command line make, or the complaint and the exit code."""
    seen = []

    def stop(*_, reading, truth, progress, cluster, checkpoint, checkpoint_every, **settings):
        seen.append(ds.Plan(**settings))
        raise Reached("here")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(vars(ds), "fit", stop)  # as an attribute it would be imported first, to be put back

    def call(*words):
        seen.clear()
        code = main([*FIT, "--no-save", *words])
        complaint = capsys.readouterr().err
        assert "Traceback" not in complaint and "bug" not in complaint
        return seen[0].said() if seen else (code, complaint)

    return call


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--bounds.a", "0,10"], {"bounds": {"a": [0.0, 10.0]}}),
        (["--bounds.a", "0,"], {"bounds": {"a": [0.0, None]}}),
        (["--bounds.a", ",5"], {"bounds": {"a": [None, 5.0]}}),
        (["--bounds.a", "-5, 1e3"], {"bounds": {"a": [-5.0, 1000.0]}}),
        (["--bounds.a=-5,-1"], {"bounds": {"a": [-5.0, -1.0]}}),
        (["--bounds.a", "-inf,inf"], {"bounds": {"a": [None, None]}}),
        (["--bounds.b_1", "0,1", "--bounds.Kmax", "2,"], {"bounds": {"b_1": [0.0, 1.0], "Kmax": [2.0, None]}}),
        (["--fixed.Kmax", "1", "--fixed.a", "-2e-3"], {"fixed": {"Kmax": 1.0, "a": -0.002}}),
        (["--tied.b_1", "2*a"], {"tied": {"b_1": "2*a"}}),
        (["--tied.b_1", "-a"], {"tied": {"b_1": "-a"}}),
        (["--sigma", "s", "--sigma-is", "absolute"], {"sigma": "s", "sigma_is": "absolute"}),
    ],
)
def test_a_flag_becomes_the_setting(asked, words, settings):
    assert asked(*words) == settings


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--bounds.a", "0:10"], "--bounds.a is '0:10'; write the lower and the upper number with a comma between"),
        (["--bounds.a", "3"], "--bounds.a 0,10 or 0, or ,5"),
        (["--bounds.a", "0,5,1"], "is '0,5,1'"),
        (["--bounds.a", "zero,5"], "is 'zero,5'"),
        (["--bounds.a", "5,0"], "the lower one comes first"),
        (["--bounds.a", "nan,0"], "the lower bound of 'a' is nan"),
        (["--bounds.a", "--fixed.Kmax", "1"], "--bounds.a needs a value, and the next word is '--fixed.Kmax'"),
        (["--tied.a", "--quiet"], "--tied.a needs a value"),
        (["--bounds", "0,1"], "--bounds"),
        (["--fixed.a", "one"], "--fixed.a"),
        (["--fixed.a", "1", "--bounds.a", "0,1"], "'a' is fixed and has bounds"),
        (["--sigma", "s"], "sigma_is='absolute'"),
        (["--sigma", "s", "--sigma-is", "relativ"], "Did you mean 'relative'?"),
    ],
)
def test_what_no_setting_can_be_is_refused_with_2(asked, words, says):
    code, complaint = asked(*words)
    assert code == 2 and says in complaint


def test_every_new_flag_stands_in_the_help_with_how_to_write_it(capsys):
    main(["fit", "--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for piece in ("--bounds.b 0,10", "--fixed.c 1", '--tied.b2 "2*b1"', "--sigma-is", "seed of all random choices"):
        assert piece in said
