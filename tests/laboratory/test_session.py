"""What a page and the lab say to each other, without any transport."""

import base64
import json
import threading
import time
from itertools import pairwise

import numpy as np
import polars
import pytest

import downslope as ds
from downslope.laboratory import loading
from downslope.laboratory.limits import Limits
from downslope.laboratory.session import QUIET
from downslope.laboratory.uploads import Shelf
from downslope.laboratory.wire import text_of

LONG = {"data": "thermometer", "optimizer": "adam", "learning_rate": 1e-6, "steps": 1_000_000}


def test_hello_says_what_there_is_and_what_to_begin_with(page):
    page.say("hello", settings={})
    hello = page.wait("hello")
    assert {sample["name"] for sample in hello["samples"]} >= {"line", "thermometer", "quadratic", "plane"}
    thermometer = next(sample for sample in hello["samples"] if sample["name"] == "thermometer")
    assert thermometer["columns"] == ["celsius", "unknown"] and thermometer["rows"] == 11 and not thermometer["made"]
    assert hello["limits"] == {"upload_bytes": 200_000_000, "rows": 5_000_000, "steps": 1_000_000}
    assert hello["settings"]["data"] == "line" and hello["settings"]["formula"] == "y = w*x + b"
    assert "auto" in hello["searches"] and "gd" not in hello["searches"] and "start" in hello["ruler_free"]
    assert "adam" in hello["optimizers"] and "mae" in hello["losses"]
    json.loads(text_of(hello))


def test_hello_after_a_reconnect_keeps_the_settings(page):
    mine = {"data": "thermometer", "learning_rate": 2e-4, "steps": 77, "start.w": 3}
    page.say("hello", settings=mine)
    settings = page.wait("hello")["settings"]
    assert settings | mine == settings
    assert settings["formula"] == "celsius = w*unknown + b" and settings["start.b"] == 0.0


def test_hello_comes_up_even_where_the_settings_are_wrong(page):
    page.say("hello", settings={"data": "file:0123456789ab"})
    hello = page.wait("hello")
    assert hello["settings"] == {"data": "file:0123456789ab"} and "drop it on the page again" in hello["wrong"]


def test_what_is_asked_is_what_runs(page, thermometer):
    message = page.view(1, **thermometer, start__w=1, start__b=0)
    ours = ds.fit("celsius = w*unknown + b", ds.sample("thermometer"), optimizer="gd", learning_rate=1e-4, steps=200,
                  start={"w": 1.0, "b": 0.0})  # fmt: skip
    assert {each["name"]: each["value"] for each in message["view"]["parameters"]} == ours.params
    assert message["view"]["last"] == 200 and not message["partial"]
    assert [panel["name"] for panel in message["view"]["panels"]] == ["fitted", "loss", "path"]
    assert message["ms"] > 0
    json.loads(text_of(message))


def test_the_settings_come_back_filled_in_and_give_the_same_view(page, pages):
    first = page.view(1, data="line")
    again = pages().view(1, **{name.replace(".", "__"): value for name, value in first["settings"].items()})
    assert again["view"]["parameters"] == first["view"]["parameters"]
    assert again["settings"] == first["settings"]
    assert first["settings"]["learning_rate"] == 0.2 and first["settings"]["start.b"] == -1.0


def test_settings_of_an_address_are_texts(page):
    texts = {"data": "line", "learning_rate": "0.1", "steps": "10", "start.w": "0", "n": "50", "seed_data": "3"}
    page.say("ask", slot="a", seq=1, settings=texts)
    message = page.wait("view")
    assert message["view"]["rows"] == 50 and message["view"]["last"] == 10


def test_a_rate_that_nobody_gave_is_filled_in_and_auto_is_left_alone(page):
    assert page.view(1, data="thermometer", optimizer="momentum(0.9)", steps=5)["settings"]["learning_rate"] > 0
    auto = page.view(2, data="thermometer", optimizer="auto")
    assert auto["view"]["state"] == "certified"
    assert "learning_rate" not in auto["settings"] and "steps" not in auto["settings"]


def test_by_hand_nothing_moves(page, thermometer):
    message = page.view(1, **{**thermometer, "steps": 0}, start__w=0.7, start__b=-3)
    assert {each["name"]: each["value"] for each in message["view"]["parameters"]} == {"w": 0.7, "b": -3.0}


def test_findings_and_the_ruler_come_when_the_page_is_idle(page, thermometer):
    page.view(1, **{**thermometer, "learning_rate": 1e-3})
    findings = page.wait("findings")
    assert findings["seq"] == 1 and findings["slot"] == "a" and findings["state"] == "untrusted"
    assert {found["symptom"] for found in findings["findings"]} == {"diverging"}
    ruler = page.wait("ruler")
    scan = ds.scan("celsius = w*unknown + b", ds.sample("thermometer"))
    assert ruler["limit"] == scan.limit and ruler["low"] == scan.rates[0] and ruler["high"] == scan.rates[-1]
    zones = ruler["zones"]
    assert zones[0]["from"] == ruler["low"] and zones[-1]["to"] == ruler["high"] and zones[-1]["from"] == scan.limit
    assert all(one["to"] == other["from"] for one, other in pairwise(zones))


def test_findings_of_the_last_good_picture_come_after_an_error_too(page, thermometer):
    page.view(1, **{**thermometer, "learning_rate": 1e-3})
    page.refused(2, **thermometer, formula="celsius = 2x")
    assert page.wait("findings")["seq"] == 1


def test_a_known_ruler_is_not_measured_again(page, thermometer, monkeypatch):
    page.view(1, **thermometer)
    page.wait("ruler")
    monkeypatch.setitem(vars(ds), "scan", lambda *_, **__: pytest.fail("scanned again"))
    page.view(2, **{**thermometer, "learning_rate": 2e-4}, start__w=5)
    assert page.wait("ruler")["seq"] == 2


def test_repair_says_what_it_changed_and_the_new_settings_are_better(page, thermometer):
    wrong = page.view(1, **{**thermometer, "learning_rate": 1e-2})
    assert wrong["view"]["state"] == "untrusted"
    page.say("repair", slot="a", seq=2)
    repaired = page.wait("repaired")
    assert repaired["changes"] and "diverging" in repaired["reason"] and "ds.fit(" in repaired["python"]
    better = page.view(3, **{name.replace(".", "__"): value for name, value in repaired["settings"].items()})
    assert better["view"]["state"] != "untrusted"


@pytest.mark.parametrize(
    ("settings", "field", "says"),
    [
        ({"steps": 0.5}, "steps", "must be a whole number"),
        ({"steps": "many"}, "steps", "must be a number"),
        ({"steps": 2_000_000}, "steps", "at most 1,000,000"),
        ({"steps": True}, "steps", "a text or a number"),
        ({"steps": None, "learning_rate": -1}, "learning_rate", "positive number"),
        ({"learning_rate": [0.1]}, "learning_rate", "a text or a number"),
        ({"optimizer": "adm", "learning_rate": 0.1}, "optimizer", "Did you mean 'adam'?"),
        ({"loss": "mss"}, "loss", "unknown loss"),
        ({"batch_size": 10_000}, "batch_size", "only 100 rows"),
        ({"scale": "rows"}, "scale", "unknown scale"),
        ({"start.w": "left"}, "start", "must be a number"),
        ({"start.q": 1}, "start", "unknown parameter in start"),
        ({"start": 1}, "start", "write start.w"),
        ({"formula": "y = 2x"}, "formula", "written 2*x"),
        ({"formula": "z = w*x"}, "formula", "unknown column 'z'"),
        ({"formula": "y = __import__('os')*x"}, "formula", ""),
        ({"formula": 3}, "formula", "must be text"),
        ({"data": "lines"}, "data", "Did you mean 'line'?"),
        ({"data": "../../etc/passwd"}, "data", "unknown sample"),
        ({"data": "thermometer", "n": 5}, "n", "these data are fixed"),
        ({"n": 10_000_000}, "n", "at most 5,000,000"),
        ({"noise": "nan"}, "noise", "0 or"),
        ({"repair": "true"}, "repair", "button"),
        ({"rate": 0.1}, "rate", "unknown setting"),
        ({"bounds.w": "3"}, "bounds", "0,10"),
        ({"data": "made", "truth": "y = 2x"}, "truth", "written 2*x"),
        ({"data": "made", "truth": "y = 2"}, "truth", ""),
        ({"formula": "y" * 20_000}, "formula", "20,000 letters"),
        ({f"start.p{n}": 0 for n in range(2000)}, None, "at most 1000"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_used_is_named(page, settings, field, says):
    page.say("ask", slot="a", seq=7, settings={"data": "line", **settings})
    error = page.wait("error", seq=7)
    assert error["field"] == field and says in error["message"] and error["slot"] == "a"


def test_a_formula_that_cannot_be_read_has_a_place(page):
    error = page.refused(data="line", formula="y = w*x +")
    assert (error["start"], error["end"]) == (8, 9) and "\n" not in error["message"]


def test_after_an_error_the_session_goes_on(page, thermometer):
    page.refused(1, data="line", formula="y = 2x")
    assert page.view(2, **thermometer)["view"]["rows"] == 11


@pytest.mark.parametrize(
    "message",
    [
        None, 3, [], "hello", {}, {"kind": 5}, {"kind": "fire"}, {"kind": []}, {"kind": "ask"},
        {"kind": "ask", "slot": "c", "seq": 1}, {"kind": "ask", "slot": "a", "seq": "1"},
        {"kind": "ask", "slot": "a", "seq": 1, "settings": [1]}, {"kind": "ask", "slot": ["a"], "seq": 1},
        {"kind": "check", "seq": 1}, {"kind": "repair", "slot": "a", "seq": 1}, {"kind": "export", "slot": "a"},
        {"kind": "export", "slot": "a", "what": "csv"}, {"kind": "upload"}, {"kind": "upload", "name": "x", "size": -1},
        {"kind": "upload", "name": "x", "size": True}, {"kind": "hello", "settings": 5},
    ],
)  # fmt: skip
def test_a_message_that_is_none_gets_an_error(page, message):
    page.session.receive(message)
    assert page.wait("error")["message"]


def test_a_bug_of_ours_says_so_and_the_session_goes_on(page, monkeypatch, caplog, thermometer):
    def broken(*_, **__):
        raise ZeroDivisionError("oops")

    with monkeypatch.context() as patch:
        patch.setitem(vars(ds), "fit", broken)
        error = page.refused(1, data="line")
    assert "this is a bug in downslope" in error["message"] and "ZeroDivisionError" in error["message"]
    assert page.view(2, **thermometer)["view"]["rows"] == 11
    assert "could not be answered" in caplog.text


def test_only_the_newest_question_is_answered(page, thermometer):
    page.view(0, **thermometer)
    for seq in range(1, 51):
        page.ask(seq, **{**thermometer, "learning_rate": seq * 1e-6})
    last = page.wait("view", seq=50)
    assert last["settings"]["learning_rate"] == 50 * 1e-6
    computed = [message["seq"] for message in page.heard if message["kind"] == "view"]
    assert len(computed) < 20 and computed[-1] == 50


def test_a_long_run_gives_way_to_a_newer_question(page, thermometer):
    page.ask(1, **LONG)
    page.wait("progress")
    page.ask(2, **thermometer)
    assert page.wait("view")["seq"] == 2
    assert [message["seq"] for message in page.heard if message["kind"] == "view"] == [2]


def test_progress_is_told_and_stop_keeps_what_was_learned(page):
    page.ask(1, **LONG)
    progress = page.wait("progress", seq=1)
    assert 0 < progress["step"] < progress["of"] == 1_000_000 and progress["loss"] > 0
    page.say("stop", slot="a")
    message = page.wait("view", seq=1)
    assert message["partial"] and progress["step"] <= message["view"]["last"] < 1_000_000


def test_stop_with_nothing_running_does_nothing(page, thermometer):
    page.say("stop", slot="a")
    assert not page.view(1, **thermometer)["partial"]


def test_closing_in_the_middle_of_a_run_frees_the_thread(pages):
    page = pages()
    page.ask(1, **LONG)
    page.wait("progress")
    heard = len(page.heard)
    assert page.session.close(5.0)
    assert len(page.heard) <= heard + 1, "nothing is sent to a page that has gone"


def test_the_slots_do_not_wait_for_each_other(page, thermometer):
    page.ask(1, "a", **LONG)
    page.wait("progress")
    assert page.view(1, "b", **thermometer)["slot"] == "b"
    page.say("stop", slot="a")
    assert page.wait("view")["slot"] == "a"


def test_two_sessions_do_not_disturb_each_other(pages, thermometer):
    shelf = Shelf(Limits())
    one, other = pages(shelf=shelf), pages(shelf=shelf)
    one.ask(1, **LONG)
    one.wait("progress")
    assert other.view(1, **thermometer)["view"]["last"] == 200
    assert all(message["kind"] != "view" for message in one.heard)


def test_a_formula_is_checked_while_it_is_typed(page):
    page.say("check", seq=1, formula="y = a*x + w2", data="line")
    assert page.wait("checked") == {
        "kind": "checked", "seq": 1, "error": None, "parameters": ["a", "w2"], "columns": ["x"],
    }  # fmt: skip
    page.say("check", seq=2, formula="y = a*", data="line")
    assert page.wait("checked")["error"]["start"] is not None
    page.say("check", seq=3, formula="y = a*t", data="made", truth="y = 2*t")
    assert page.wait("checked")["columns"] == ["t"]


def test_made_data_know_their_truth(page):
    message = page.view(1, data="made", truth="y = 3*x - 1", n=50, noise=0.01, seed_data=4, formula="y = w*x + b")
    assert {each["name"]: each["truth"] for each in message["view"]["parameters"]} == {"w": 3.0, "b": -1.0}
    assert "ds.make('y = 3*x - 1'" in message["view"]["python"]


def test_the_python_of_a_view_gives_the_same_fit(page):
    message = page.view(1, data="decay", steps=50, noise=0.1)
    script = message["view"]["python"].replace("print(fit)", "")
    names: dict = {}
    exec(script, names)
    assert {each["name"]: each["value"] for each in message["view"]["parameters"]} == names["fit"].params


def test_a_dropped_file_is_read_and_can_be_asked_for(page, line_csv):
    page.upload("C:\\my\\readings.csv", line_csv.encode())
    data = page.wait("data")
    assert data["name"] == "readings.csv" and data["rows"] == 20 and data["columns"] == ["x", "y"]
    assert data["data"].startswith("file:") and data["formula"] == "y = w*x + b"
    view = page.view(1, data=data["data"])["view"]
    assert view["source"] == "readings.csv" and view["rows"] == 20


def test_a_column_with_a_name_like_html_is_only_a_name(page):
    page.upload("odd.csv", b"<img src=x onerror=alert(1)>,y\n1,2\n2,4\n3,7\n")
    data = page.wait("data")
    assert data["formula"] == 'y = w*col("<img src=x onerror=alert(1)>") + b'
    assert page.view(1, data=data["data"])["view"]["rows"] == 3


def test_a_bad_row_is_told_with_its_line_and_without_our_paths(page):
    page.upload("bad.csv", b"x,y\n1,2\n2\n3,4\n")
    error = page.wait("error")
    assert error["field"] == "data" and "bad.csv" in error["message"] and "line 3" in error["message"]
    assert "/" not in error["message"] and "downslope-lab" not in error["message"]


def test_a_bad_cell_is_told_with_its_line_column_and_text(page):
    page.upload("bad.csv", b"x,y,z\n1,2,3\n2,oops,4\n3,5,6\n")
    data = page.wait("data")
    assert data["columns"] == ["x", "z"] and data["formula"] == "z = w*x + b"
    assert "oops" in data["notes"][0] and "line 3" in data["notes"][0] and "downslope-lab" not in data["notes"][0]
    error = page.refused(data=data["data"], formula="y = w*x + b")
    assert error["field"] == "data" and "oops" in error["message"] and "bad.csv" in error["message"]


def test_what_cannot_be_read_is_left_out_of_the_formula_to_begin_with(page):
    page.upload("bad.csv", b"x,u,y\n1,2,3\n2,oops,4\n3,4,6\n")
    data = page.wait("data")
    assert data["formula"] == "y = w*x + b"
    page.view(1, data=data["data"])
    page.upload("worse.csv", b"x,y\n1,2\n2,oops\n3,4\n")
    data = page.wait("data")
    assert data["formula"] is None
    error = page.refused(2, data=data["data"])
    assert error["field"] == "data" and "line 3" in error["message"] and "oops" in error["message"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG"),
        (b"a,b\nx,y\n", "not a number"),
        (b"PK\x03\x04abc", ""),
    ],
)
def test_a_file_that_is_no_table_is_refused(page, content, says):
    page.upload("thing.csv", content)
    error = page.wait("error")
    assert error["field"] == "data" and says in error["message"] and "downslope-lab" not in error["message"]


def test_parquet_and_npz_are_read_by_what_they_are(page, tmp_path):
    import polars

    columns = {"x": np.arange(5.0), "y": np.arange(5.0) ** 2}
    polars.DataFrame(columns).write_parquet(tmp_path / "t.parquet")
    np.savez(tmp_path / "t.npz", **columns)
    for name in ("t.parquet", "t.npz"):
        page.upload(name, (tmp_path / name).read_bytes())
        assert page.wait("data")["rows"] == 5


def test_too_large_a_file_is_refused_before_it_comes(pages, line_csv):
    page = pages(limits=Limits(upload_bytes=100, rows=10))
    page.upload("big.csv", line_csv.encode())
    assert "at most 100" in page.wait("error")["message"]
    page.upload("liar.csv", line_csv.encode(), size=50)
    assert "50 bytes were announced" in page.wait("error")["message"]
    page.view(1, data="line", n=10)


def test_too_many_rows_are_refused(pages, line_csv):
    page = pages(limits=Limits(rows=10))
    page.upload("long.csv", line_csv.encode())
    error = page.wait("error")
    assert error["field"] == "data" and "20 rows" in error["message"] and "at most 10" in error["message"]


def test_a_packed_file_of_too_many_rows_is_refused_before_it_is_read(pages, tmp_path, monkeypatch):
    polars.DataFrame({"x": np.zeros(1000), "y": np.zeros(1000)}).write_parquet(tmp_path / "packed.parquet")
    monkeypatch.setitem(vars(ds), "read", lambda *_: pytest.fail("read"))
    page = pages(limits=Limits(rows=999))
    page.upload("packed.parquet", (tmp_path / "packed.parquet").read_bytes())
    assert "1,000 rows; the lab takes at most 999" in page.wait("error")["message"]


def test_made_data_are_no_larger_than_the_lab_takes(pages):
    page = pages(limits=Limits(made=3000))
    page.view(1, data="made", truth="y = 2*x", n=1000, formula="y = w*x")
    error = page.refused(2, data="made", truth="y = 2*x + u", n=1001, formula="y = w*x")
    assert error["field"] == "n" and "3,003 numbers; the lab makes at most 3,000" in error["message"]
    page.say("check", seq=3, formula="y = a*u", data="made", truth="y = 2*u")
    assert page.wait("checked")["columns"] == ["u"]


def test_a_file_that_is_gone_is_asked_for_again(page):
    error = page.refused(data="file:0123456789ab", formula="y = w*x")
    assert error["field"] == "data" and "drop it on the page again" in error["message"]


def test_every_export_is_a_file(page, thermometer):
    page.view(1, **{**thermometer, "steps": 3}, start__w=1, start__b=0)
    got = {}
    for what in ("csv", "run", "replay", "report"):
        page.say("export", slot="a", what=what)
        message = page.wait("file")
        assert page.wait("done") == {"kind": "done", "slot": "a", "what": "export"}
        got[what] = base64.b64decode(message["base64"])
        assert message["name"] and message["type"]
    lines = got["csv"].decode().splitlines()
    assert lines[0] == "step,loss,rate,gradient_norm,step_norm,landing,w,b" and len(lines) == 5
    assert lines[-1].split(",")[2] == "nan", "the last row has no rate: nothing was stepped from there"
    assert got["replay"].lower().startswith(b"<!doctype html")


def test_a_run_that_was_exported_opens(page, thermometer, tmp_path):
    page.view(1, **thermometer)
    page.say("export", slot="a", what="run")
    (tmp_path / "run.downslope").write_bytes(base64.b64decode(page.wait("file")["base64"]))
    assert ds.load(tmp_path / "run.downslope").history.step[-1] == 200


def test_what_cannot_be_exported_is_told(page, thermometer):
    page.view(1, **thermometer)
    page.say("export", slot="a", what="film")
    assert "unknown export" in page.wait("error")["message"]
    assert page.wait("done")["what"] == "export", "an order that fails is over too"


MANY = 60_000


@pytest.fixture(scope="module")
def many():
    """A shelf with more rows than follow a slider, of a curve and of a line; the settings that ask for the curve."""
    generator = np.random.default_rng(0)
    x = generator.uniform(0, 5, MANY)
    y = 3 * np.exp(-0.7 * x) + 0.5 + generator.normal(0, 0.05, MANY)
    shelf = Shelf(Limits())
    key = shelf.put(ds.read({"x": x, "y": y}), "many.csv").key
    return shelf, {"data": key, "formula": "y = a*exp(-b*x) + c", "optimizer": "gd", "learning_rate": 0.2, "steps": 50}


def test_of_many_rows_a_sample_goes_before_and_all_of_them_follow(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    first = page.view(1, **curve)
    assert first["partial"] and first["follows"]
    assert first["view"]["notes"][0].startswith("from 5,000 of 60,000 rows, drawn at random")
    assert first["view"]["state"] == "sample" and not first["view"]["findings"]
    assert all(each["error"] is None for each in first["view"]["parameters"])
    assert first["settings"] == curve, "nothing is filled in that a sample has chosen"
    whole = page.wait("view", seq=1)
    assert not whole["partial"] and not whole["follows"]
    ours = ds.fit(curve["formula"], shelf.get(curve["data"]).table, optimizer="gd", learning_rate=0.2, steps=50)
    assert {each["name"]: each["value"] for each in whole["view"]["parameters"]} == ours.params
    assert whole["view"]["parameters"] != first["view"]["parameters"]
    assert page.wait("findings", seq=1)
    kinds = [(each["kind"], each.get("follows")) for each in page.heard if each["kind"] in ("view", "findings")]
    assert kinds == [("view", True), ("view", False), ("findings", None)]


def test_while_a_slider_moves_all_rows_wait(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    for seq in range(1, 6):
        page.view(seq, **{**curve, "learning_rate": 0.1 + seq / 100})
    page.wait("findings", seq=5)
    assert [each["seq"] for each in page.heard if each["kind"] == "view" and not each["follows"]] == [5]


def test_a_sample_has_no_band_and_no_picture_of_all_rows(pages, many):
    shelf, curve = many
    view = pages(shelf=shelf).view(1, **curve)["view"]
    assert [panel["name"] for panel in view["panels"]] == ["fitted", "loss", "path"]
    assert all(mark["kind"] != "band" for panel in view["panels"] for mark in panel["marks"])
    assert "ds.read(" in view["python"] and "learning_rate=0.2, steps=50" in view["python"]


def test_stop_before_all_rows_begin_keeps_the_sample(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    page.view(1, **curve)
    page.say("stop", slot="a")
    assert page.wait("done") == {"kind": "done", "slot": "a", "what": "rows"}
    time.sleep(3 * QUIET)
    assert [each["seq"] for each in page.heard if each["kind"] == "view"] == [1]


def test_stop_in_the_middle_of_all_rows_keeps_what_they_learned(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    page.view(1, **{**curve, "steps": 200_000, "learning_rate": 1e-3})
    assert page.wait("progress", seq=1)["of"] == 200_000
    time.sleep(QUIET)
    page.wait("progress", seq=1)
    page.say("stop", slot="a")
    whole = page.wait("view", seq=1)
    assert whole["partial"] and not whole["follows"] and 0 < whole["view"]["last"] < 200_000
    assert f"# stopped by hand after {whole['view']['last']} steps" in whole["view"]["python"]


@pytest.mark.parametrize("order", [{"kind": "repair", "seq": 1}, {"kind": "export", "what": "csv"}])
def test_an_order_on_a_sample_can_be_stopped_and_its_fit_is_kept(pages, many, order):
    shelf, curve = many
    page = pages(shelf=shelf)
    page.view(1, **{**curve, "steps": 200_000, "learning_rate": 1e-3})
    page.say(**order, slot="a")
    page.wait("progress", seq=1)
    page.say("stop", slot="a")
    assert page.wait("view", seq=1)["partial"]
    assert page.wait("done")["what"] == order["kind"]
    assert not any(each["kind"] in ("file", "repaired") for each in page.heard)


@pytest.mark.parametrize("what", ["csv", "run"])
def test_no_file_is_of_a_sample(pages, many, tmp_path, what):
    shelf, curve = many
    page = pages(shelf=shelf)
    assert page.view(1, **curve)["follows"]
    page.say("export", slot="a", what=what)
    raw = base64.b64decode(page.wait("file")["base64"])
    ours = ds.fit(curve["formula"], shelf.get(curve["data"]).table, optimizer="gd", learning_rate=0.2, steps=50)
    if what == "run":
        path = tmp_path / "run.downslope"
        path.write_bytes(raw)
        assert ds.load(path).run.rows == MANY and ds.load(path).params == ours.params
    else:
        assert repr(float(ours.history.loss[-1])) in raw.decode().splitlines()[-1]


def test_a_repair_of_a_sample_is_one_of_all_rows(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    page.view(1, **{**curve, "learning_rate": 50})
    page.say("repair", slot="a", seq=1)
    assert page.wait("repaired")["changes"]


def test_after_an_error_all_rows_of_the_last_good_picture_follow(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    page.view(1, **curve)
    page.refused(2, **{**curve, "formula": "y = a*"})
    assert not page.wait("view", seq=1)["follows"]


def test_batches_larger_than_the_sample(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    assert page.view(1, **curve, batch_size=30_000)["follows"]
    assert not page.wait("view", seq=1)["follows"]


def test_a_straight_line_needs_a_sample_once(pages, many):
    shelf, curve = many
    page = pages(shelf=shelf)
    line = {**curve, "formula": "y = w*x + b"}
    assert page.view(1, **line)["follows"]
    assert not page.wait("view", seq=1)["follows"]
    assert not page.view(2, **{**line, "learning_rate": 0.05})["follows"]
    assert page.view(3, **{**line, "loss": "huber(1)"})["follows"]


def test_where_jax_was_there_before_no_two_fits_of_many_rows_run_at_once(pages, many, monkeypatch):
    """Its programs then run in other threads, and two of them may wait for each other for ever."""
    shelf, curve = many
    running, most = [], []
    fit = ds.fit

    def watched(*given, **more):
        running.append(threading.current_thread())
        most.append(len(running) if given[1].rows > loading.FEW else 0)
        try:
            return fit(*given, **more)
        finally:
            running.remove(threading.current_thread())

    monkeypatch.setattr(loading, "_INLINE", threading.Event())
    monkeypatch.setitem(vars(ds), "fit", watched)
    page = pages(shelf=shelf)
    for slot in ("a", "b"):
        page.view(1, slot, **{**curve, "steps": 3000})
    seen = [page.wait("view") for _ in range(2)]
    assert {each["slot"] for each in seen} == {"a", "b"} and max(most) == 1
