import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from downslope.history import History, Recorder
from downslope.history.history import row_limit


def blocks(steps, length, best):
    """A descent of so many steps in blocks that see their last row again."""
    for first in range(0, steps, length):
        step = np.arange(first, min(first + length, steps) + 1)
        yield History.of(("w",), step=step, loss=1.0 + np.abs(step - best), params=step[:, None].astype(float))


@settings(max_examples=60)
@given(steps=st.integers(1, 60_000), length=st.integers(50, 8191), share=st.floats(0, 1))
def test_rows_are_evenly_spaced_and_first_last_and_best_are_kept(steps, length, share):
    best = round(share * steps)
    recorder = Recorder(("w",))
    for block in blocks(steps, length, best):
        recorder.add(block)
    history = recorder.history()
    assert len(history) <= row_limit(1)
    assert history.step[0] == 0 and history.step[-1] == steps
    assert history.step[history.best] == best
    spacing = np.unique(np.diff(history.step[~np.isin(history.step, [best, steps])]))
    assert spacing.size <= 2, "one spacing, but for the hole that the best row may leave"
    if steps < 9_000:
        assert history.step.tolist() == list(range(steps + 1)), "short runs keep every row"


def test_a_row_seen_again_is_kept_with_its_step():
    recorder = Recorder(("w",))
    nan = np.nan
    for first, rate in ((0, [0.1, nan]), (1, [0.2, nan])):
        rows = {"step": [first, first + 1], "loss": [2.0, 1.0], "rate": rate, "params": [[0.0], [0.0]]}
        recorder.add(History.of(("w",), **rows))
    assert recorder.history().rate == pytest.approx([0.1, 0.2, nan], nan_ok=True)


def test_going_on_with_a_thinned_history_stays_even():
    first, second = Recorder(("w",)), None
    for block in blocks(100_000, 8000, 100_000):
        first.add(block)
    second = Recorder(("w",), first.history())
    step = np.arange(100_000, 101_001)
    second.add(History.of(("w",), step=step, loss=1.0 / step, params=step[:, None].astype(float)))
    assert set(np.diff(second.history().step)[:-1].tolist()) == {16}
