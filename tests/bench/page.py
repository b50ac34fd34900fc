"""The status page of a daemon with many databases, in a headless Chromium of a phone's size: how soon it is there, and how long it keeps the browser busy."""
import os
import shutil
import time

from harness import case, processes, web
from harness.browser import Browser
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from many import crowd
from report import Findings, Row, at_most

LOADED = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
# Only what takes 50 ms or more is told.
LONG_TASKS = """(window.longTasks = [], new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({ type: "longtask", buffered: true }))"""


def load(browser, url):
    browser.open(url, width=390, height=844)
    browser.evaluate(LONG_TASKS)
    loaded = browser.evaluate(LOADED)
    wait_until(lambda: "safe" in browser.evaluate("document.getElementById('verdict-text').textContent"), "the verdict")
    return loaded / 1e3


def looked_at(url, sizes):
    with Browser() as browser:
        times = [load(browser, url) for _ in range(sizes.page_loads)]
        first = browser.evaluate("Math.max(0, ...window.longTasks)")
        browser.evaluate("window.longTasks.length = 0")
        time.sleep(sizes.idle_seconds)
        updates = browser.evaluate("Math.max(0, ...window.longTasks)")
        assert not browser.complaints(), browser.complaints()
        return {"loaded": max(times), "first": first / 1e3, "updates": updates / 1e3,
                "fits": browser.evaluate("document.documentElement.scrollWidth <= innerWidth")}


def page(folder, count, sizes):
    home = os.path.join(folder, "page")
    databases = [Database(path, [file_replica(path + "-replica")]) for path in crowd(home, count)]
    installation = Installation(home, databases, streamd=web.ANY_PORT, log_level="info")
    installation.start()
    safe = lambda: web.get(web.address_of(installation) + "/readyz")[0] == 200
    wait_until(safe, "every database to be safe", progress=lambda: processes.cpu_seconds(installation.daemon.pid))
    found = looked_at(web.address_of(installation) + "/", sizes)
    installation.stop()
    shutil.rmtree(home)
    return found


def measure(context):
    count = context.sizes.page_databases
    try:
        found = page(context.folder, count, context.sizes)
    except case.Skipped as reason:
        context.note(f"without the page: {reason}")
        return Findings()
    context.note(f"status page, {count} databases: {found}")

    def row(measure_, key, goal=None):
        values = {"streamd": found[key]}
        return Row(measure_, "s", values, at_most(values, *goal) if goal else None)
    assert found["fits"], "the page is wider than a phone"
    return Findings([
        row(f"status page with {count} databases: DOMContentLoaded, the worst of {context.sizes.page_loads}", "loaded", (.1, "under 100 ms")),
        row("the same: longest task while it is built (0: under 50 ms)", "first"),
        row("the same: longest task of the updates afterwards (0: under 50 ms)", "updates", (.05, "none over 50 ms")),
    ])
