"""The status page in a real browser: what it says, on which screens, how fast, and by keyboard alone."""
import os
import sqlite3
import time

from harness import case, web
from harness.browser import Browser
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from end_to_end.installed import replicated

MANY = 60
LONG_TASKS = """new PerformanceObserver((list) => (window.longTasks ||= []).push(...list.getEntries().map((task) => task.duration)))
    .observe({ type: "longtask", buffered: true })"""


def verdict(browser):
    return browser.evaluate("document.getElementById('verdict-text').textContent")


def test_it_says_whether_the_database_is_safe(folder):
    with Browser() as browser:
        installation, writer = replicated(folder, streamd=web.ANY_PORT)
        installation.start()
        writer.transactions(3)
        installation.sync(installation.databases[0])
        browser.open(web.address_of(installation) + "/")
        wait_until(lambda: verdict(browser) == "Your database is safe", "the verdict")
        text = browser.evaluate("document.body.innerText")
        for words in (installation.databases[0].path, "folder", "Last snapshot", "without a hole", "0 s"):
            assert words in text, (words, text)
        replica = os.path.join(folder, "replica")
        os.rename(replica, replica + "-away")
        writer.transactions(1)
        wait_until(lambda: verdict(browser) == "Your database is not safe", "the bad news, without a reload")
        text = browser.evaluate("document.body.innerText")
        assert "failing" in text and "What to do" in browser.evaluate(
            "getComputedStyle(document.querySelector('.replica .todo'), '::before').content"), text
        assert browser.evaluate("document.title").startswith("(!)")
        os.rename(replica + "-away", replica)
        wait_until(lambda: verdict(browser) == "Your database is safe", "the good news")
        installation.stop()
        wait_until(lambda: verdict(browser) == "streamd does not answer", "silence")
        # The browser reports the connections that the daemon did not take any more; nothing else.
        others = [entry for entry in browser.complaints() if "ERR_CONNECTION" not in str(entry)]
        assert not others, others


def many(folder):
    """An installation with databases, none of which has been replicated before."""
    databases = []
    for number in range(MANY):
        path = os.path.join(folder, f"tenant-{number:03}.db")
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE t(x)")
        connection.close()
        databases.append(Database(path, [file_replica(os.path.join(folder, "replicas", str(number)))]))
    return Installation(folder, databases, streamd=web.ANY_PORT, log_level="info")


def test_many_databases_on_small_screens_and_by_keyboard(folder):
    with Browser() as browser:
        installation = many(folder)
        installation.start()
        url = web.address_of(installation) + "/"
        for width, height, dark in ((390, 844, False), (390, 844, True), (1280, 900, False)):
            browser.open(url, width, height, dark)
            wait_until(lambda: verdict(browser) == f"All {MANY} databases are safe", "the verdict")
            assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
            light = browser.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] > 128")
            assert light != dark
        assert browser.evaluate("document.querySelectorAll('.database').length") == 25  # the rest is on other pages
        by_keyboard(browser)
        browser.evaluate(LONG_TASKS + ", window.longTasks = []")
        time.sleep(5)
        tasks = browser.evaluate("window.longTasks")
        assert not [task for task in tasks if task > 100], tasks  # 50 ms on a machine of its own
        assert not browser.complaints(), browser.complaints()
        installation.stop()


def by_keyboard(browser):
    focused = []
    browser.evaluate("document.body.focus()")
    for _ in range(8):
        browser.press("Tab", 9)
        focused.append(browser.evaluate("document.activeElement.id || document.activeElement.textContent"))
        shown = "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle === 'solid'"
        assert browser.evaluate(shown), focused
    assert {"filter", "after", "metrics", "readiness"} <= set(focused), focused
    browser.evaluate("document.getElementById('filter').focus()")
    browser.call("Input.insertText", text="tenant-05")
    wait_until(lambda: browser.evaluate("document.querySelectorAll('.database').length") == 10, "what was searched for")


if __name__ == "__main__":
    case.run(globals())
