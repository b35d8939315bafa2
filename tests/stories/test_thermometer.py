"""The thermometer in its own units: a rate too large, why it fails, and the repair."""

from fake_lab import act, control, settled, slider
from real_lab import numbers, shows


def test_crank_the_rate_read_why_and_repair(page):
    control(page, "data").select_option("thermometer")
    shows(page, ".ds-verdict", "Step 200 of 200, loss 28.93")
    slider(page, "learning_rate").focus()
    for _ in range(4):  # times 1.5 each
        page.keyboard.press("PageUp")
    settled(page, "learning_rate", "0.000507")
    shows(page, ".ds-verdict", "the loss leaves for infinity")
    shows(page, ".lab-findings", "diverging")
    why = page.inner_text(".lab-findings")
    assert "the largest stable rate here is 3.4e-4" in why and "learning_rate=0.00016" in why
    shows(page, ".lab-rate-words", "diverges")

    act(page, "repair")
    shows(page, ".lab-repaired", "Repaired")
    shows(page, ".ds-badge", "certified")
    told = page.inner_text(".lab-repaired")
    assert "learning_rate: 0.000507 → 0.49" in told and "scale: none → columns" in told
    assert "import downslope as ds" in told and "scale='columns'" in told
    assert control(page, "learning_rate").input_value() == "0.49"
    assert numbers(page)[0].startswith("w\t0.53")

    act(page, "undo")
    shows(page, ".ds-badge", "untrusted")
    assert control(page, "learning_rate").input_value() == "0.000507"
