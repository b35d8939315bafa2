"""The value that is drawn, and the files that hold it: of any run, with any names in it."""

import json
import re
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

import downslope as ds
from downslope.errors import MissingExtra, OutputError, RequestError, UnknownName
from downslope.history import History
from downslope.report.json_text import plain_json
from downslope.result import Fit
from downslope.viewing import MOST_PARAMETERS, MOST_ROWS, view_of

EVIL = "<img src=x onerror=alert(1)>"
ENDING = "</script><script>alert(2)</script>"
KEYS = {
    "kind", "version", "title", "model", "mathml", "source", "rows", "state", "state_text", "reasons", "parameters",
    "loss", "panels", "history", "last", "verdicts", "findings", "notes", "python",
}  # fmt: skip


@pytest.fixture(scope="module")
def line():
    start = {"w": 0.0, "b": -1.0}
    return ds.fit("y = w*x + b", ds.sample("line"), optimizer="gd", learning_rate=0.1, steps=200, start=start)


@pytest.fixture(scope="module")
def diverged():
    settings = {"optimizer": "gd", "learning_rate": 0.01, "steps": 200, "start": {"w": 1.0, "b": 0.0}}
    return ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), **settings)


def numbers(packed):
    ((kind, text),) = ((key, value) for key, value in packed.items() if key != "shape")
    return np.frombuffer(b64decode(text), dtype=f"<{kind}")


class Page(HTMLParser):
    """Each element with its attributes, and all text outside of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self.scripts, self.inside = [], "", [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(sorted(key for key, _ in attrs))))
        self.inside = tag
        self.scripts += [""] if tag == "script" else []

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside == "script":
            self.scripts[-1] += data
        elif self.inside != "style":
            self.text += data


def test_a_view_is_plain_values_and_complete(line):
    view = view_of(line)
    assert set(view) == KEYS
    assert json.loads(plain_json(view)) == json.loads(json.dumps(view, allow_nan=False))
    assert [panel["name"] for panel in view["panels"]][:3] == ["fitted", "loss", "path"]
    assert view["parameters"][0]["truth"] == 0.1 and view["loss"]["name"] == "mse" and view["last"] == 200
    assert view["findings"][0]["symptom"] == "crawling" and view["findings"][0]["remedy"] == "learning_rate=0.37"
    assert view["python"].startswith("ds.fit('y = w*x + b', data, optimizer='gd'")


def test_its_history_has_every_digit(line):
    history = view_of(line, ["loss"])["history"]
    columns = history["columns"]
    assert history["kept"] == history["of"] == 201
    np.testing.assert_array_equal(numbers(columns["loss"]), line.history.loss)
    np.testing.assert_array_equal(numbers(columns["params"]["w"]), line.history.path("w"))
    np.testing.assert_array_equal(numbers(columns["step"]), np.arange(201))


def test_a_long_history_keeps_first_last_best_and_findings(line):
    steps = np.arange(10_000)
    loss = 5.0 + np.cos(steps)
    loss[1234] = 0.5
    history = History.of(("w", "b"), step=steps, loss=loss, params=np.ones((10_000, 2)))
    fit = Fit(replace(line.run, history=history, columns=None))
    fit._findings = (ds.Finding("bouncing", "warning", 4321, {}, "it bounces"),)
    view = view_of(fit, ["loss"])
    kept = numbers(view["history"]["columns"]["step"])
    assert len(kept) == view["history"]["kept"] <= MOST_ROWS + 1 and view["history"]["of"] == 10_000
    assert {0, 1234, 4321, 9999} <= set(kept.tolist())
    assert any("10,000 rows of the history" in note for note in view["notes"])


def test_thousands_of_parameters_are_cut_and_said(line):
    names = tuple(f"w{place}" for place in range(10_000))
    rows = np.random.default_rng(0).normal(size=(100, 10_000))
    history = History.of(names, step=np.arange(100), loss=np.exp(-np.arange(100.0)), params=rows)
    chosen = {"watched": "PyTorch", "optimizer": "adam"}
    run = replace(
        line.run, parameters=names, params=rows[-1], history=history, chosen=chosen, is_code=True, truth=None,
        text="a PyTorch loop", truth_text=None, columns=None, uncertainty=None, certificate=None, readings=None,
        latex=None,
    )  # fmt: skip
    view = view_of(Fit(run))
    assert len(view["parameters"]) == len(view["history"]["columns"]["params"]) == MOST_PARAMETERS
    assert any("of 10,000 parameters" in note for note in view["notes"])
    assert len(plain_json(view, None)) < 1_000_000


def test_diverged_runs_are_shown_too(diverged, tmp_path):
    view = view_of(diverged)
    assert view["state"] == "untrusted" and view["verdicts"][-1]["tone"] == "fault"
    assert {"fitted", "loss", "path", "valley"} <= {panel["name"] for panel in view["panels"]}
    diverged.replay(tmp_path / "run.html")
    diverged.report(tmp_path / "report.html")
    assert "fit.again(learning_rate=0.00016)" in (tmp_path / "report.html").read_text()


def test_quick_measures_nothing(diverged):
    fit = Fit(replace(diverged.run, readings=None), diverged.problem)
    view = view_of(fit, quick=True)
    assert fit.run.readings is None
    assert [found["symptom"] for found in view["findings"]] == ["diverging"]


def test_two_hundred_steps_with_three_panels_fit_in_a_mail(line, tmp_path):
    for panels in (["fitted", "loss", "valley"], ["fitted", "loss", "path"]):
        line.replay(tmp_path / "run.html", panels=panels, force=True)
        assert (tmp_path / "run.html").stat().st_size <= 500_000


def test_of_many_rows_an_honest_sample_is_drawn(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.uniform(size=100_000)
    data = {"x": x, "y": 2 * x + rng.normal(scale=0.1, size=x.size)}
    fit = ds.fit("y = w*x + b", data, optimizer="gd", learning_rate=0.5, steps=50)
    fit.replay(tmp_path / "run.html")
    assert (tmp_path / "run.html").stat().st_size <= 1_000_000
    assert any("100,000" in note for panel in view_of(fit, ["fitted"])["panels"] for note in panel["notes"])


def test_pictures_that_need_lost_data_are_left_out_and_said(line, tmp_path):
    view = view_of(Fit(replace(line.run, columns=None)))
    assert "loss" in [panel["name"] for panel in view["panels"]]
    assert "fitted" not in [panel["name"] for panel in view["panels"]]
    assert any("that need the data are left out" in note for note in view["notes"])
    Fit(replace(line.run, columns=None)).report(tmp_path / "report.html")


def test_python_functions_too(tmp_path):
    def model(x, w):
        return w * x

    fit = ds.fit(model, [1.0, 2.0], [2.0, 4.1])
    view = view_of(fit)
    assert view["mathml"] is None and view["python"] == "ds.fit(model, data, 'y')"
    fit.report(tmp_path / "report.html")
    fit.save(tmp_path / "run.downslope")
    loaded = ds.load(tmp_path / "run.downslope")
    loaded.replay(tmp_path / "run.html")
    assert any("that need the model are left out" in note for note in view_of(loaded)["notes"])


@pytest.mark.parametrize("panels", ["nope", ["loss", "nope"], ["valley:nope"], "hinges"])
def test_a_picture_that_cannot_be_is_refused(line, panels, tmp_path):
    with pytest.raises((UnknownName, RequestError)):
        line.replay(tmp_path / "run.html", panels=panels)
    assert not list(tmp_path.iterdir())


def test_where_it_cannot_be_written(line, tmp_path):
    with pytest.raises(RequestError, match="end the name in .html or .gif"):
        line.replay(tmp_path / "run.pdf")
    with pytest.raises(RequestError, match="end the name in .html"):
        line.report(tmp_path / "run.gif")
    with pytest.raises(OutputError, match="there is no folder"):
        line.report(tmp_path / "gone" / "report.html")
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        line.report(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == "mine"
    line.report(tmp_path / "report.html", force=True)
    assert "mine" not in (tmp_path / "report.html").read_text()[:5]


def test_a_gif_moves(line, tmp_path):
    pillow = pytest.importorskip("PIL.Image")
    line.replay(tmp_path / "run.gif", panels=["loss"])
    with pillow.open(tmp_path / "run.gif") as image:
        assert image.n_frames > 10


@pytest.fixture(scope="module")
def hostile():
    """A fit whose every name is an attack, and the same with harmless ones."""
    rng = np.random.default_rng(0)
    x = rng.uniform(size=30)

    def fitted(column, source, note):
        data = ds.Table({column: x, "y": 2 * x + 1}, source=source)
        fit = ds.fit(f'y = w*col("{column}") + b', data, optimizer="gd", learning_rate=0.1, steps=20)
        found = ds.Finding("bouncing", "warning", 3, {note: 1.0}, note, {"loss": note})
        fit.run = replace(fit.run, notes=(note,), reasons=(note,), stopped=note, versions={note: note})
        fit._findings = (found,)
        return fit

    return fitted(EVIL + ENDING, ENDING, EVIL), fitted("speed", "speeds.csv", "a note")


@pytest.mark.parametrize("what", ["replay", "report"])
def test_no_name_becomes_markup(hostile, what, tmp_path):
    pages = []
    for place, fit in enumerate(hostile):
        getattr(fit, what)(tmp_path / f"{place}.html")
        pages.append(Page((tmp_path / f"{place}.html").read_text(encoding="utf-8")))
    evil, harmless = pages

    def without_mathematics(page):
        return [each for each in page.tags if each[0] not in ("mi", "mtext", "mspace")]

    assert without_mathematics(evil) == without_mathematics(harmless)
    assert evil.scripts[1] == harmless.scripts[1] and len(evil.scripts) == 2
    assert EVIL in json.dumps(json.loads(evil.scripts[0]))
    if what == "report":
        assert EVIL in evil.text and ENDING in evil.text


def test_tables_in_notebooks_hold_no_markup_of_others(hostile):
    evil, harmless = (Page(fit._repr_html_() + fit.history._repr_html_()) for fit in hostile)
    assert evil.tags == harmless.tags and EVIL in evil.text
    assert not {"script", "style", "img"} & {tag for tag, _ in evil.tags}


def test_a_history_draws_its_loss(line):
    axes = line.history.plot()
    assert axes.get_title() == "Loss at each step"
    assert line.history.plot(ax=axes) is axes and line.history is line.history
    assert isinstance(line.history, History) and line.history.rows(slice(0, 3)).plot() is not None


def test_a_widget_holds_the_view(line):
    pytest.importorskip("anywidget")
    widget = line.view(panels=["loss"])
    assert widget.kind == "view" and widget.view["title"] == "y = w*x + b"
    assert widget._esm.rstrip().endswith("as default};") and len(widget._esm) > 1000


def test_without_anywidget_the_package_is_named(line, monkeypatch):
    import sys

    from downslope import notebook

    notebook._view_class.cache_clear()
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtra, match=re.escape("downslope[notebook]")):
        line.view()


def test_a_watched_loop_is_shown_like_a_fit(tmp_path):
    import jax

    with ds.watch() as run:
        slope = jax.grad(lambda w: (w - 3.0) ** 2)
        w = 0.0
        for _ in range(10):
            w -= 0.1 * slope(w)
    run.replay(tmp_path / "loop.html")
    run.report(tmp_path / "loop_report.html")
    assert run.plot("loss").get_title() == "Loss at each step"
    run.save(tmp_path / "loop.downslope")
    loaded = ds.load(tmp_path / "loop.downslope")
    loaded.report(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text() == (tmp_path / "loop_report.html").read_text()
    assert view_of(run.fit)["python"] == ""


def test_what_was_found_is_among_the_pictures():
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 1, 60)
    data = {"x": x, "y": np.abs(x - 0.5)}
    asked = {
        "optimizer": "gd",
        "learning_rate": 0.05,
        "steps": 50,
        "start": {"a": 1, "b": 1, "k": 0.5, "m": 9.0, "c": 0},
    }
    fit = ds.fit("y = a*relu(x - k) + b*relu(x - m) + c", data, **asked)
    assert "dead-units" in [found.symptom for found in fit.findings]
    assert "units" in [panel["name"] for panel in view_of(fit)["panels"]]
