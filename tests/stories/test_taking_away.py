"""What the lab gives away opens elsewhere, and holds what was seen."""

import csv
import io
from pathlib import Path

import chromium
import pytest
from fake_lab import control
from real_lab import numbers, shows

import downslope as ds


def taken(page, what: str, folder: Path) -> Path:
    page.locator(".lab-menu > summary").click()
    with page.expect_download() as download:
        page.locator(f"[data-export={what}]").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.fixture
def seen(page):
    """The thermometer's page, and the parameters on it."""
    control(page, "data").select_option("thermometer")
    shows(page, ".ds-verdict", "loss 28.93")
    shows(page, ".lab-findings", "unscaled-inputs")
    return numbers(page)[:-1]


def test_the_replay_plays_elsewhere(page, seen, browser, tmp_path):
    path = taken(page, "replay", tmp_path)
    with chromium.opened(browser, offline=True) as other:
        other.goto(path.as_uri())
        other.wait_for_selector("html[data-ready]")
        assert "Step 200 of 200, loss 28.93" in other.inner_text(".ds-verdict")
        assert other.locator(".ds-beside tbody tr").all_inner_texts() == seen
        assert other.asked == [path.as_uri()]


def test_the_report_reads_elsewhere(page, seen, browser, tmp_path):
    path = taken(page, "report", tmp_path)
    with chromium.opened(browser, offline=True) as other:
        other.goto(path.as_uri())
        other.wait_for_selector("html[data-ready]")
        text = other.inner_text("body")
        assert "0.233255" in text and "unscaled-inputs" in text and "celsius = w*unknown + b" in text
        assert other.asked == [path.as_uri()]


def test_the_steps_are_all_there(page, seen, tmp_path):
    rows = list(csv.DictReader(io.StringIO(taken(page, "csv", tmp_path).read_text(encoding="utf-8"))))
    assert len(rows) == 201 and float(rows[-1]["loss"]) == pytest.approx(28.93, abs=0.01)
    assert float(rows[-1]["w"]) == pytest.approx(0.233255, rel=1e-5)


def test_the_run_is_loaded(page, seen, tmp_path):
    fit = ds.load(taken(page, "run", tmp_path))
    assert fit.params["w"] == pytest.approx(0.233255, rel=1e-5) and fit.run.steps == 200


def test_the_python_gives_the_same_numbers(page, seen):
    page.locator(".lab-menu > summary").click()
    page.locator("[data-export=python]").click()
    names: dict = {}
    exec(page.inner_text("dialog[open] code").replace("print(fit)", ""), names)
    assert names["fit"].params["w"] == pytest.approx(0.233255, rel=1e-5)
