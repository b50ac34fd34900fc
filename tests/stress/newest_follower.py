"""The tests of engine/sqlite once more, with a newer SQLite than the distribution's on both sides: in the follower and in
the applications. UNIT_SQLITE names their program.
"""
import sqlite_builds
from harness import case
from harness.daemon import run


def test_the_capture_protocol_holds_with_a_newer_sqlite(_):
    try:
        library = sqlite_builds.libraries()["newest"]
    except sqlite_builds.Unavailable as reason:
        case.skip(str(reason))
    outcome = run([case.program("unit_sqlite"), "--log_level=warning", "--report_level=short"],
                  {"LD_PRELOAD": library, "ASAN_OPTIONS": "verify_asan_link_order=0"})
    outcome.expect(0)


if __name__ == "__main__":
    case.run(globals())
