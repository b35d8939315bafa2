"""Data of one's own: names that want to be programs, rows that are no numbers, and Parquet."""

import numpy as np
import pytest
from chromium import until
from fake_lab import control, drop, put
from real_lab import shows

import downslope as ds

NASTY = "<img src=x onerror=alert(1)>"


def carry(page, name: str, content: bytes) -> None:
    """Choose a file by the button, as who cannot drop one does."""
    page.set_input_files("input[type=file]", {"name": name, "mimeType": "", "buffer": content})


def test_a_column_that_wants_to_be_a_program_is_a_name(page, lab):
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    rows = "\n".join(f"{x},{2 * x + 1}" for x in range(20))
    drop(page, "nasty.csv", f'"{NASTY}",y\n{rows}\n')
    shows(page, ".lab-about", f"20 rows: {NASTY}, y")
    put(page, "formula", f'y = w*col("{NASTY}") + b')
    shows(page, ".ds-title", f"y against {NASTY}")
    until(page, "document.querySelector('.ds-beside').innerText.includes('w')")
    assert page.locator(".ds-plot text", has_text=NASTY).count() >= 1
    assert page.locator("img").count() == 0 and said == []
    assert all(address.startswith(lab.page) for address in page.asked)


def test_a_bad_row_is_named_by_line_column_and_text(page):
    before = page.locator(".ds-beside").inner_text()
    drop(page, "bad.csv", "x,y\n1,2\n2,oops\n3,4\n")
    shows(page, ".lab-about", "bad.csv, line 3, column 'y': 'oops' is not a number")
    put(page, "formula", "y = w*x + b")
    shows(page, ".lab-error", "line 3, column 'y': 'oops'")
    assert page.locator(".ds-beside").inner_text() == before
    drop(page, "good.csv", "x,y\n1,2\n2,3\n3,5\n")
    shows(page, ".lab-about", "3 rows: x, y")
    until(page, "![...document.querySelectorAll('.lab-error')].some((each) => each.innerText.includes('oops'))")


def test_parquet_is_taken(page, tmp_path):
    arrow = pytest.importorskip("pyarrow", reason="needs PyArrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    x = np.linspace(0, 1, 50)
    parquet.write_table(arrow.table({"hours": x, "cost": 3 * x - 1}), tmp_path / "bill.parquet")
    carry(page, "bill.parquet", (tmp_path / "bill.parquet").read_bytes())
    shows(page, ".lab-about", "50 rows: hours, cost")
    shows(page, ".ds-title", "cost against hours")
    assert control(page, "data").input_value().startswith("file:")
    fit = ds.fit("cost = w*hours + b", {"hours": x, "cost": 3 * x - 1})
    assert fit.params["w"] == pytest.approx(3)
