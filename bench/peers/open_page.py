"""Opens a page in Chromium five times, moves the pointer over its first plot, and prints the median of the
milliseconds from asking for the page until it says what is under the pointer."""

import pathlib
import shutil
import statistics
import sys
import time

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
    )
    took = []
    for _ in range(5):
        page = browser.new_page()
        begun = time.perf_counter()
        page.goto(pathlib.Path(sys.argv[1]).resolve().as_uri())
        plot = page.locator(".plot").first
        plot.hover()
        page.locator(".readout").filter(has_text="·").first.wait_for()
        took.append((time.perf_counter() - begun) * 1000)
        page.close()
    browser.close()
print(round(statistics.median(took)))
