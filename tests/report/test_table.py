from dataclasses import replace

from downslope.history import History
from downslope.report import history_table, run_table


def test_a_fit_in_a_notebook(trusted, diverged):
    told = run_table(replace(trusted, text="<img src=x onerror=alert(1)>"), (diverged,))
    assert "<img" not in told and "<script" not in told and "color" not in told
    for part in ("&lt;img src=x", "5.37 ± 0.36", "2.92765 (mse)", "certified", "Try learning_rate=0.00017"):
        assert part in told


def test_a_history_in_a_notebook(run):
    told = history_table(run.history)
    assert told.count("<tr>") == 4 and "the lowest" in told and "3 rows, step 0 to 5,000" in told


def test_of_a_long_history_some_rows_with_the_best():
    losses = [9.0] * 1000
    losses[123] = 1.0
    history = History.of(("w",), step=range(1000), loss=losses, params=[[0.0]] * 1000)
    told = history_table(history)
    assert "1,000 rows" in told and ">123<" in told and told.count("the lowest") == 1


def test_an_empty_history():
    assert "without steps" in history_table(History.of((), step=[], loss=[]))
