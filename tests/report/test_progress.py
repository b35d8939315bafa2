import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from downslope.errors import RequestError
from downslope.history import History
from downslope.report import bar, progress, say, status_lines


def block(first, last, names=("w", "b")):
    step = np.arange(first, last + 1)
    params = np.tile(step[:, None] * 0.5, len(names))
    return History.of(names, step=step, loss=1.0 / (1 + step), params=params, gradient=-params)


def printed(blocks, every, **options):
    stream = io.StringIO()
    assert list(status_lines(every, stream, **options)(iter(blocks))) == blocks
    return stream.getvalue().splitlines()


@given(cuts=st.lists(st.integers(1, 60), max_size=5, unique=True), every=st.integers(1, 70), end=st.integers(1, 60))
def test_each_step_is_printed_once_however_the_blocks_are_cut(cuts, every, end):
    edges = [0, *sorted(cut for cut in cuts if cut < end), end]
    lines = printed([block(*pair) for pair in itertools.pairwise(edges)], every)
    wanted = sorted({*range(0, end + 1, every), end})
    assert [int(line.split()[1]) for line in lines] == wanted
    assert len({len(line) for line in lines}) == 1


def test_gradients_and_the_first_parameters_only():
    (line,) = printed([block(2, 2, names=tuple("abcdef"))], 2, gradients=True)
    assert line.startswith("step         2  loss     0.333333  a            1  d/da           -1  b ")
    assert line.endswith("… 2 more") and " e " not in line


def test_streams_are_the_standard_ones(capsys):
    list(bar(1)(status_lines(1)(iter([block(0, 1)]))))
    assert capsys.readouterr().out.count("step") == 2


@pytest.mark.parametrize("every", [0, -1])
def test_no_steps_between_lines_is_refused(every):
    with pytest.raises(RequestError, match=f"every is {every}"):
        status_lines(every)


def test_a_start_alone_is_printed():
    assert len(printed([block(0, 0)], 10)) == 1
    assert printed([], 10) == []


def test_huge_numbers_and_nan_stay_in_their_columns():
    odd = History.of(("w",), step=[0, 1, 2], loss=[1.0, 1.234567e300, np.nan], params=[[1.0], [-1e200], [np.inf]])
    assert len({len(line) for line in printed([odd], 1)}) == 1


def test_lines_appear_while_the_blocks_come():
    stream = io.StringIO()
    watched = status_lines(1, stream)(block(k, k) for k in itertools.count())
    next(watched)
    assert stream.getvalue().startswith("step         0")


def test_say_to_a_stream_that_knows_only_ascii():
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    say("5 ± 1 µ", stream)
    assert raw.getvalue() == b"5 \\xb1 1 \\xb5\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "patience", "shown"), [(Terminal, 0.0, True), (Terminal, 9.0, False), (io.StringIO, 0.0, False)]
)
def test_bar_shows_only_on_a_terminal_and_in_long_runs(stream, patience, shown, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "PATIENCE", patience - 1e-9)
    blocks, out = [block(0, 10), block(10, 20)], stream()
    assert list(bar(20, out)(iter(blocks))) == blocks
    assert bool(out.getvalue()) == shown
    assert ("step 20 of 20" in out.getvalue()) == shown


def test_bar_without_a_known_end_and_closed_early(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "PATIENCE", -1.0)
    out = Terminal()
    watched = bar(None, out)(block(k, k + 1) for k in itertools.count())
    next(watched)
    watched.close()
    assert "\x1b[?25h" in out.getvalue()  # the cursor is back
