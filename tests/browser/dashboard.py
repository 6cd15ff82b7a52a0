"""Opens a dashboard in Chromium and says, as one JSON object, what a person would find.

Usage: dashboard.py URL [--screenshots DIR] [--until-text TEXT --touch COMMAND]
"""

import argparse
import json
import subprocess

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def violations(page):
    """What axe finds: each rule with the elements that break it."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def table(page, section):
    """The rows of a section's first table that are seen."""
    rows = page.locator(f"section[aria-labelledby={section}] table").first.locator("tbody tr")
    return [row.locator("th,td").all_inner_texts() for row in rows.all() if row.is_visible()]


def hovered(page):
    """What is said in the middle of the first plot, by the pointer and then by keys, and the rows that may say it."""
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    figure = page.locator("figure").first
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    by_pointer = figure.locator(".readout").inner_text()
    plot.focus()
    page.keyboard.press("Home")
    first = figure.locator(".readout").inner_text()
    page.keyboard.press("ArrowRight")
    second = figure.locator(".readout").inner_text()
    rows = figure.locator("tbody tr")
    return {
        "pointer": by_pointer,
        "keys": [first, second],
        "rows": [row.locator("th,td").all_text_contents() for row in rows.all()],
        "headings": figure.locator("thead th").all_text_contents(),
    }


def filtered(page):
    """Which figures are seen when one command is chosen."""
    select = page.locator("#command")
    options = select.locator("option").all_text_contents()
    select.select_option(label=options[-1])
    seen = [name.inner_text() for name in page.locator("figure[data-command] figcaption b").all() if name.is_visible()]
    rows = table(page, "commands")
    select.select_option(index=0)
    return {"chosen": options[-1], "options": options, "figures": seen, "rows": [row[0] for row in rows]}


def zoomed(page):
    """The part of the first plot that is shown, before and after; and by dragging."""
    data = page.locator("svg.data").first
    view = lambda: data.get_attribute("viewBox")
    views = [view()]
    page.locator("#stretch").select_option("0.25")
    views.append(view())
    page.locator("#whole").click()
    views.append(view())
    plot = page.locator(".plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y)
    page.mouse.up()
    views.append(view())
    page.locator("#whole").click()
    return views


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--screenshots")
    parser.add_argument("--touch")
    parser.add_argument("--until-text")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        console, requests = [], []
        page.on("console", lambda message: console.append(message.text))
        page.on("pageerror", lambda error: console.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(args.url, wait_until="load")
        said = {
            "title": page.title(),
            "tiles": dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts())),
            "commands": table(page, "commands"),
            "elements": page.evaluate("[...document.querySelectorAll('img,iframe,object,embed,link')].length"),
            "interactive_ms": page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive"),
            "hovered": hovered(page),
            "filtered": filtered(page),
            "zoomed": zoomed(page),
            "violations": {"light": violations(page)},
        }
        if args.touch:
            page.locator("#stretch").select_option("0.25")
            # As if the command that is shown alone had been renamed meanwhile.
            page.evaluate("() => { const select = document.querySelector('#command'); select.append(new Option('gone', 'gone')); select.value = 'gone'; select.dispatchEvent(new Event('change')); }")
            subprocess.run(["sh", "-c", args.touch], check=True)
            page.get_by_role("rowheader", name=args.until_text, exact=True).first.wait_for(timeout=60_000)
            said["kept"] = [page.locator("#stretch").input_value(), page.locator("svg.data").first.get_attribute("viewBox"), page.locator("#command").input_value()]
            said["followed"] = table(page, "commands")
        if args.screenshots:
            page.screenshot(path=f"{args.screenshots}/light.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        said["violations"]["dark"] = violations(page)
        if args.screenshots:
            page.screenshot(path=f"{args.screenshots}/dark.png", full_page=True)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 360, "height": 740})
        said["violations"]["narrow"] = violations(page)
        said["overflow"] = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if args.screenshots:
            page.screenshot(path=f"{args.screenshots}/narrow.png", full_page=True)
            page.set_viewport_size({"width": 1280, "height": 900})
            page.emulate_media(media="print")
            page.screenshot(path=f"{args.screenshots}/print.png", full_page=True)
        said["console"], said["requests"] = console, requests
        browser.close()
    print(json.dumps(said))


main()
