"""The lab without a mouse: from the first page to another formula, descended on other data."""

from fake_lab import control, settled
from real_lab import shows


def walk(page, to: str, most: int = 60) -> None:
    """Press Tab until the focus is there."""
    for _ in range(most):
        if page.evaluate("(wanted) => document.activeElement.matches(wanted)", to):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way by Tab to {to}")


def test_from_the_first_page_to_a_descended_fit_of_another_formula(page):
    walk(page, "[data-setting=data]")
    page.keyboard.type("quad")
    settled(page, "data", "quadratic")
    shows(page, ".ds-title", "y against x")
    walk(page, "[data-setting=formula]")
    page.keyboard.press("Control+A")
    page.keyboard.type("y = a*x**2 + c")
    page.keyboard.press("Enter")
    settled(page, "formula", "y = a*x**2 + c")
    walk(page, "[data-setting=learning_rate]")
    page.keyboard.press("Control+A")
    page.keyboard.type("0.02")
    page.keyboard.press("Tab")
    settled(page, "learning_rate", "0.02")
    walk(page, "[data-act=reset]")
    page.keyboard.press("Enter")
    shows(page, ".ds-verdict", "Step 0 of 0")
    walk(page, "[data-act=descend]", 120)
    page.keyboard.press("Enter")
    shows(page, ".ds-verdict", "Step 200 of 200")
    assert page.locator(".ds-beside tbody tr").count() == 2
    assert control(page, "learning_rate").input_value() == "0.02"
    walk(page, ".ds-scrub", 120)
    page.keyboard.press("Home")
    shows(page, ".ds-verdict", "Step 0 of 200")
    walk(page, ".lab-menu > summary", 120)
    page.keyboard.press("Enter")
    walk(page, "[data-export=csv]")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
