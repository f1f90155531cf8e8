"""A real headless Chromium, for tests of pages."""

from __future__ import annotations

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from tests.machine import find_program

PATIENCE_SECONDS = 30  # with a page that is on its way


def chromium(*, javascript: bool = True) -> webdriver.Chrome:
    """Start a browser 1,280 pixels wide that keeps what pages complain of; without scripts, if they may not run."""
    options = webdriver.ChromeOptions()
    options.binary_location = find_program("chromium", "chromium-browser", "google-chrome")
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,1000",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not javascript:
        options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    found = webdriver.Chrome(options=options, service=Service(find_program("chromedriver")))
    found.implicitly_wait(PATIENCE_SECONDS)
    return found


def complaints(browser: webdriver.Chrome) -> list[str]:
    """Return the warnings and errors of the pages that were shown since the last call."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in {"SEVERE", "WARNING"}]


def narrowed(browser: webdriver.Chrome, width: int, scheme: str = "light") -> None:
    """Show pages in a window of this width, in the colours that somebody asked for (``light`` or ``dark``)."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    colours = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": colours})


def scrolls_sideways(browser: webdriver.Chrome) -> bool:
    """Tell whether a page is wider than its window."""
    return bool(
        browser.execute_script("const page = document.documentElement; return page.scrollWidth > page.clientWidth")
    )


def text(browser: webdriver.Chrome, selector: str) -> str:
    """Return the text of an element as it stands in the document, also where it is cut on the screen."""
    return str(browser.find_element(By.CSS_SELECTOR, selector).get_property("textContent"))


def texts(browser: webdriver.Chrome, selector: str) -> list[str]:
    """Return the texts of all elements like this; none if there are none."""
    found = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
    return list(browser.execute_script(found, selector))
