"""The address is the whole state; and pages do not disturb each other."""

import chromium
from chromium import until
from fake_lab import act, control, open_blocks, put, settled
from real_lab import STILL, enter, numbers, shows


def test_the_address_opens_the_same_picture(page, lab, browser):
    control(page, "data").select_option("decay")
    shows(page, ".ds-title", "y against t")
    open_blocks(page)
    put(page, "learning_rate", "0.1")
    settled(page, "learning_rate", "0.1")
    put(page, "steps", "77")
    settled(page, "steps", "77")
    put(page, "start.b", "0.5")
    settled(page, "start.b", "0.5")
    shows(page, ".ds-verdict", "Step 77 of 77")
    until(page, "document.querySelector('.ds-beside').innerText.includes('0.5')")
    page.wait_for_timeout(600)  # what is measured when the machine is idle changes the sentence
    seen = numbers(page)

    fragment = page.url.partition("#")[2]
    assert "token" not in page.url
    beside = page.context.new_page()
    enter(beside, page.url)  # in the same browser the link alone opens it
    shows(beside, ".ds-verdict", "Step 77 of 77")
    assert numbers(beside)[:-1] == seen[:-1]
    with chromium.opened(browser, **STILL) as other:  # and with the printed address anywhere else
        enter(other, f"{lab.address}#{fragment}")
        shows(other, ".ds-verdict", "Step 77 of 77")
        assert numbers(other)[:-1] == seen[:-1]
        assert other.url == page.url


def test_a_page_that_closes_in_the_middle_of_a_run_leaves_the_other_alone(page, lab, browser):
    with chromium.opened(browser, **STILL) as other:
        enter(other, lab.address)
        put(other, "learning_rate", "1e-9")
        control(other, "optimizer").select_option("adam")  # where gd is after a million steps is known at once
        open_blocks(other)
        put(other, "steps", "1000000")
        shows(other, ".lab-busy", "step")
        put(page, "learning_rate", "0.2")
        settled(page, "learning_rate", "0.2")
        shows(page, ".ds-verdict", "Step 200 of 200")
    act(page, "more")
    shows(page, ".ds-verdict", "Step 400 of 400")
    assert page.locator(".lab-banner").is_hidden()


def test_a_long_run_can_be_stopped_and_keeps_what_it_learned(page):
    put(page, "learning_rate", "1e-5")
    control(page, "optimizer").select_option("adam")
    open_blocks(page)
    put(page, "steps", "1000000")
    shows(page, ".lab-busy", "step")
    act(page, "stop")
    until(page, "document.querySelector('.lab-busy').hidden")
    shows(page, ".ds-verdict", "Interrupted; what was reached is kept")
    reached = page.evaluate("document.querySelector('.ds-verdict').innerText.match(/Step ([0-9,]+) of/)[1]")
    assert 0 < int(reached.replace(",", "")) < 1_000_000
