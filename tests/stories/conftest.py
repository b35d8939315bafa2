"""A browser and a real lab: what a person does is done on the page, and everything behind it is computed."""

import chromium
import pytest
from real_lab import STILL, enter, running


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    """The lab that all stories share but those that end it."""
    with running(tmp_path_factory.mktemp("lab"), "--port", "0") as lab:
        yield lab


@pytest.fixture
def page(browser, lab):
    """A page that a person has just opened."""
    with chromium.opened(browser, **STILL) as page:
        enter(page, lab.address)
        yield page
