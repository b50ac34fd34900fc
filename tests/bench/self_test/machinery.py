"""The benchmark's own machinery: judging, plots, and the watcher of replicas. No speed is judged here."""
import os
import sys
import xml.dom.minidom

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import plot  # noqa: E402 (found through the line above)
import report  # noqa: E402
from harness import case  # noqa: E402
from latency import last_txid  # noqa: E402
from watcher import Watcher  # noqa: E402


def test_watcher_sees_what_appears(folder):
    early = os.path.join(folder, "early")
    with open(early, "wb") as output:
        output.write(b"12345")
    with Watcher(folder) as watcher:
        mark = watcher.mark()
        assert watcher.since() == (1, 5)
        os.makedirs(os.path.join(folder, "a", "b"))
        temporary, final = os.path.join(folder, "a", "b", "x.tmp"), os.path.join(folder, "a", "b", "x")
        with open(temporary, "wb") as output:
            output.write(b"123")
        os.rename(temporary, final)
        hidden = os.path.join(folder, ".streamd-tmp")
        os.makedirs(hidden)
        with open(os.path.join(hidden, "1"), "wb") as output:
            output.write(b"1234567")
        os.rename(os.path.join(hidden, "1"), os.path.join(folder, "last"))
        watcher.wait_for(lambda arrivals: os.path.join(folder, "last") in arrivals, "the last file")
        assert watcher.since(mark) == (2, 10), watcher.arrivals
        assert watcher.arrivals[final][1] == 3
        os.remove(final)
        assert watcher.since(mark) == (2, 10), "what was deleted again was still sent"


def test_goals(_folder):
    values = {"litestream": 10.0, "streamd": 4.0}
    assert report.share_of_litestream(values, .5, "at most half").met is True
    assert report.share_of_litestream(values, .1, "at most a tenth").met is False
    assert report.share_of_litestream({"streamd": 4.0}, .5, "at most half").met is None
    aimed = report.aiming(report.at_most(values, 5, "at most 5"), values, 3, "3")
    assert aimed.met is True and aimed.aim_met is False
    assert aimed.verdict() == "yes; aim: no", aimed.verdict()


def test_medians_and_figures(_folder):
    rounds = {"bare": [], "streamd": [{"a": {"b": value}} for value in (5, 1, 3)], "litestream": [{"c": 1}]}
    row = report.median_row("m", "s", rounds, "a.b")
    assert row.values == {"streamd": 3} and row.samples["streamd"] == [5, 1, 3]
    assert report.quantile([4, 1, 3, 2], .99) == 4 and report.quantile([4, 1, 3, 2], 0) == 1
    figures = ((1500, "B"), (39.8e6, "B"), (428e6, "B"), (.02, "s"), (12.34, "s"), (None, "s"))
    assert [report.show(*each) for each in figures] == ["1.5 KB", "39.8 MB", "428 MB", "20 ms", "12.3 s", "–"]


def test_plot_is_well_formed(_folder):
    assert plot.ticks(0.9) == [0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0] and plot.ticks(400)[-1] == 400
    series = {"title": "a < b", "x_label": "x", "y_label": "y",
              "points": {"streamd": [[1, 2.0], [10, 3.0]], "litestream": [[1, 0], [10, 9.5]]}}
    drawn = xml.dom.minidom.parseString(plot.svg(series))
    assert len(drawn.getElementsByTagName("polyline")) == 2


def test_name_of_a_segment(_folder):
    assert last_txid("generations/00/segments/0/0000000000000002-000000000000001f-20261122T192549123Z.all") == 31


if __name__ == "__main__":
    case.run(globals())
