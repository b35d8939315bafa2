"""SciPy's own tests of curve_fit, run on ours in the place of theirs."""

import inspect

import pytest

from downslope.scipy_api import curve_fit

theirs = pytest.importorskip("scipy.optimize.tests.test_minpack", reason="this SciPy was installed without its tests")

EXCEPTIONS = {
    "test_gh4555b": "its covariance is of a point before the minimum; SciPy with tighter tolerances gives ours"
}
"""Test → why ours differs; the same list as in docs/scipy_api.md."""


def each_test():
    """(name, arguments) of each test with each of its parameters."""
    for name, function in inspect.getmembers(theirs.TestCurveFit, inspect.isfunction):
        if not name.startswith("test_"):
            continue
        cases = [{}]
        for mark in getattr(function, "pytestmark", []):
            if mark.name == "parametrize":
                label, values = mark.args
                cases = [{**case, label: value} for case in cases for value in values]
        marks = [pytest.mark.xfail(reason=EXCEPTIONS[name])] if name in EXCEPTIONS else []
        for case in cases:
            yield pytest.param(name, case, id="-".join([name, *map(str, case.values())]), marks=marks)


@pytest.mark.parametrize("name, arguments", list(each_test()))
def test_scipys_own(name, arguments, monkeypatch):
    monkeypatch.setattr(theirs, "curve_fit", curve_fit)
    monkeypatch.setattr(theirs.optimize, "curve_fit", curve_fit)
    case = theirs.TestCurveFit()
    case.setup_method()
    getattr(case, name)(**arguments)
