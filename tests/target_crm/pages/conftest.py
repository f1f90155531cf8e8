"""A browser for the tests of pages."""

from __future__ import annotations

import pytest

from tests.browser import chromium


@pytest.fixture(scope="session")
def browser():
    found = chromium()
    yield found
    found.quit()
