"""A curve over many rows: a sample of them follows the slider, then all of them, which can be watched and stopped."""

import numpy as np
import polars
from chromium import until
from fake_lab import act, put
from real_lab import numbers, shows

ROWS = 60_000
BUSY = "document.querySelector('.lab-busy:not([hidden])')"


def test_all_rows_follow_and_can_be_stopped(page, tmp_path):
    generator = np.random.default_rng(0)
    t = generator.uniform(0, 5, ROWS)
    y = 3 * np.exp(-0.7 * t) + 0.5 + generator.normal(0, 0.05, ROWS)
    polars.DataFrame({"t": t, "y": y}).write_parquet(tmp_path / "many.parquet")
    page.set_input_files("input[type=file]", tmp_path / "many.parquet")
    shows(page, ".lab-about", "60,000 rows")
    put(page, "formula", "y = a*exp(-b*t) + c")
    put(page, "steps", "300")
    shows(page, ".ds-verdict", "Step 300 of 300")
    shows(page, ".ds-verdict", "the end, and")  # judged: all rows are there
    until(page, f"!{BUSY}", 30)
    assert float(numbers(page)[0].split()[1]) > 1

    put(page, "steps", "300000")
    until(page, f"/^step [0-9,]+ of 300,000/.test({BUSY}?.textContent ?? '')", 60)
    shows(page, ".ds-verdict", "on the sample", 60)
    assert not page.evaluate("document.querySelector('.lab-stage').innerText.includes('Stopped')")
    until(page, f"/^(all rows follow|step )/.test({BUSY}?.textContent ?? '')", 60)
    act(page, "stop")
    until(page, f"!{BUSY}", 60)
