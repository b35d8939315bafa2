"""The lab as a widget of a notebook: the same messages, carried by the notebook."""

import queue
import sys

import pytest

import downslope as ds
from downslope.errors import MissingExtra
from downslope.laboratory import lab
from downslope.laboratory.limits import Limits
from downslope.laboratory.opening import first_settings, in_a_notebook
from downslope.laboratory.uploads import Shelf


@pytest.fixture
def notebook(monkeypatch):
    monkeypatch.setattr("downslope.laboratory.opening.in_a_notebook", lambda: True)


def test_a_kernel_is_what_makes_a_notebook(monkeypatch):
    class Shell:
        kernel = None

    IPython = pytest.importorskip("IPython")
    monkeypatch.setattr(IPython, "get_ipython", Shell)
    assert not in_a_notebook(), "IPython in a terminal"
    monkeypatch.setattr(Shell, "kernel", object())
    assert in_a_notebook()


def test_in_a_notebook_the_lab_is_a_widget(notebook, monkeypatch):
    widget = lab("thermometer", learning_rate=1e-4)
    sent: queue.Queue = queue.Queue()
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.put(content))
    assert widget.kind == "lab"
    widget._hear(widget, {"kind": "hello", "settings": {}}, [])
    hello = sent.get(timeout=60)
    assert hello["settings"]["data"] == "thermometer" and hello["settings"]["learning_rate"] == 1e-4
    widget._hear(widget, {"kind": "upload", "name": "t.csv", "size": 12}, [])
    widget._hear(widget, {"kind": "chunk"}, [memoryview(b"x,y\n1,2\n2,4\n")])
    assert sent.get(timeout=60)["rows"] == 2
    widget.close()


def test_without_anywidget_it_is_said_what_is_missing(notebook, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(MissingExtra, match="notebook"):
        lab()


def test_what_is_given_to_begin_with_is_what_an_empty_page_begins_with():
    shelf = Shelf(Limits())
    table = ds.sample("line", n=5)
    first = first_settings(table, "y = w*x", {"steps": 3, "start": {"w": 2.0}}, shelf, Limits())
    assert first["formula"] == "y = w*x" and first["steps"] == 3 and first["start.w"] == 2.0
    assert shelf.get(first["data"]).table is table


def test_too_many_steps_to_begin_with_are_refused():
    with pytest.raises(ds.RequestError, match="at most 1,000,000"):
        first_settings(None, None, {"steps": 10**7}, Shelf(Limits()), Limits())
