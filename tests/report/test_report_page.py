from dataclasses import replace

import pytest

from downslope.diagnosis import Finding
from downslope.report.report_page import report_page

VIEW = {"title": "t", "panels": [], "notes": []}


@pytest.fixture
def told(trusted, diverged):
    return report_page(trusted, [diverged], VIEW)


def test_all_is_said_without_a_script(told):
    words = told.partition("<script")[0]
    for part in (
        "celsius = w*unknown + b", "thermometer.csv, 11 rows", "5.37 ± 0.36", "-17.3 ± 1.9", "certified",
        "The least-squares minimum, the only one.", "diverging, since step 1", "fit.again(learning_rate=0.00017)",
        "growth factor", "57.8", "gd", "1 row dropped (line 4): missing values.",
        "fit = ds.fit(&#x27;celsius = w*unknown + b&#x27;, data, optimizer=&#x27;gd&#x27;",
        "downslope fit thermometer.csv",
        "JᵀJ, size of the noise from the residuals, 9 degrees of freedom",
        "there is one minimum",
        "Every parameter has at least 12 correct digits.",
    ):  # fmt: skip
        assert part in words, part


def test_a_watched_loop_has_no_python_and_no_certificate(run):
    watched = replace(run, chosen={"watched": "PyTorch", "optimizer": "gd"}, text="a PyTorch loop", is_code=True)
    told = report_page(watched, [Finding("crawling", "warning", 0, {}, "slow", {"learning_rate": 0.2})], VIEW)
    assert "the loop itself is what gives it again" in told
    assert "Certificate" not in told and "fit.again" not in told and "learning_rate=0.2" in told


def test_many_parameters_are_cut_and_counted(run):
    import numpy as np

    names = tuple(f"w{place}" for place in range(10_000))
    history = replace(run.history, parameters=names, params=np.zeros((3, 10_000)), gradient=np.zeros((3, 10_000)))
    many = replace(run, parameters=names, params=np.zeros(10_000), history=history)
    told = report_page(many, [], VIEW)
    assert "The first 200 of 10,000 parameters." in told and len(told) < 600_000


def test_a_run_without_parameters_and_steps(run):
    from downslope.history import History

    empty = replace(run, parameters=(), params=run.params[:0], history=History.of((), step=[], loss=[]))
    assert "The parameters were not kept." in report_page(empty, [], VIEW)
