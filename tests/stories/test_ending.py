"""The lab ends with Ctrl-C: the page says so, and keeps what was set."""

import json

from chromium import until
from fake_lab import control, put, settled
from real_lab import STILL, enter, running, shows


def test_a_lab_that_has_ended_is_told_and_found_again(browser, tmp_path):
    context = browser.new_context(**STILL)  # the browser itself complains of a lost line: that is no fault here
    page = context.new_page()
    with running(tmp_path, "--port", "0") as lab:
        enter(page, lab.address)
        first = page.inner_text(".ds-beside")
        put(page, "learning_rate", "0.25")
        settled(page, "learning_rate", "0.25")
        until(page, f"document.querySelector('.ds-beside').innerText !== {json.dumps(first)}")
        before = page.inner_text(".ds-beside")
        said = lab.end()
        assert "the lab is closed" in said and "Traceback" not in said
    shows(page, ".lab-banner", "The connection to downslope is lost. Your settings and pictures stay")
    assert page.inner_text(".ds-beside") == before
    port = lab.page.rstrip("/").rpartition(":")[2]
    with running(tmp_path, "--port", port) as again:
        assert again.page == lab.page
        enter(page, f"{again.address}#{page.url.partition('#')[2]}")
        shows(page, ".ds-beside", before.split()[-3])
        assert control(page, "learning_rate").input_value() == "0.25"
        assert page.inner_text(".ds-beside") == before
    context.close()
