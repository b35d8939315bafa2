"""A parabola moved by hand, its loss beside it, and then let go."""

from chromium import until
from fake_lab import act, control, settled, slider
from real_lab import shows

LOSS = "Number(document.querySelector('.lab-loss').textContent.replace(',', ''))"


def test_move_the_parameters_then_descend(page):
    control(page, "data").select_option("quadratic")
    shows(page, ".ds-verdict", "Step 200 of 200")
    act(page, "hand")
    settled(page, "by_hand", "1")
    shows(page, ".lab-hand", "loss")
    until(page, f"{LOSS} > 0")
    first = page.evaluate(LOSS)
    assert "Step 0 of 0" in page.inner_text(".ds-verdict")

    slider(page, "start.a").focus()
    for _ in range(3):  # 0.5 each
        page.keyboard.press("PageUp")
    settled(page, "start.a", "2.5")
    until(page, f"{LOSS} < {first}")
    better = page.evaluate(LOSS)
    assert f"best so far {page.inner_text('.lab-loss')} at a = 2.5" in page.inner_text(".lab-best")

    act(page, "descend")
    shows(page, ".ds-verdict", "Step 200 of 200")
    shows(page, ".ds-beside", "2.5")  # where it started
    loss = page.evaluate("document.querySelector('.ds-verdict').innerText.match(/loss ([0-9.]+)/)[1]")
    assert float(loss) < better
    assert page.locator(".lab-hand").is_hidden()
