"""A reload touches only what changed: HUP, streamctl reload, register, unregister."""
import os
import signal
import threading
import time

from harness import case, compare
from harness.daemon import Database, Installation, file_replica
from harness.waiting import wait_until
from harness.workload import Writer


def databases(folder, count):
    return [Database(os.path.join(folder, f"{name}.db"), [file_replica(os.path.join(folder, f"replica-{name}"))])
            for name in "abcdefgh"[:count]]


def states(installation):
    status = installation.streamctl("status", "--json").expect(0).json
    return {os.path.basename(each["database"]): each["state"] for each in status["databases"]}


def attached(installation, name):
    return sum(f"database attached database={installation.folder}/{name}" in line
               for line in installation.daemon.output().splitlines())


def test_others_miss_nothing_while_one_comes_goes_and_changes(folder):
    a, b, c = databases(folder, 3)
    writers = {each.path: Writer(each.path) for each in (a, b, c)}
    for writer in writers.values():
        writer.close()
    installation = Installation(folder, [a, b])
    installation.start()
    stop, counts = threading.Event(), []

    def write_on():
        writer = Writer(a.path, seed=5)
        while not stop.is_set():
            counts.append(writer.transaction(1))
            time.sleep(0.002)
        writer.close()
    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        wait_until(lambda: states(installation) == {"a.db": "live", "b.db": "live"}, "both to be live")
        installation.databases = [a, b, c]
        installation.write_config({}, {})
        installation.daemon.signal(signal.SIGHUP)
        wait_until(lambda: states(installation).get("c.db") == "live", "the third to be live")
        b.replicas[0]["sync-interval"] = "200ms"
        b.replicas.append(file_replica(os.path.join(folder, "replica-b2"), "second"))
        installation.write_config({"watchdog": "77s"}, {}, log_level="trace")
        answer = installation.streamctl("reload", "--json").expect(0).json
        assert answer["changed"] == [b.path] and not answer["added"] and not answer["removed"], answer
        assert answer["needs_restart"] == ["watchdog"], answer
        installation.databases = [a, b]
        installation.write_config({}, {})
        outcome = installation.streamctl("reload").expect(0)
        assert outcome.stdout.startswith(f"removed {c.path}\n"), outcome
    finally:
        stop.set()
        thread.join()
    assert [attached(installation, name) for name in ("a.db", "b.db", "c.db")] == [1, 2, 1]
    installation.sync(a)
    assert counts[-1].number == len(counts)
    assert os.path.isdir(os.path.join(folder, "replica-b2")) and os.path.isdir(os.path.join(folder, "replica-c"))
    installation.stop()
    out = os.path.join(folder, "out.db")
    installation.restore(a, out).expect(0)
    compare.assert_same_pages(a.path, out)


def test_a_wrong_configuration_changes_nothing(folder):
    (a,) = databases(folder, 1)
    Writer(a.path).close()
    installation = Installation(folder, [a])
    installation.start()
    wait_until(lambda: attached(installation, "a.db") == 1, "the database to be followed")
    with open(installation.config, "a", encoding="utf-8") as config:
        config.write("[[database]]\npath = \"relative.db\"\n[nonsense]\n")
    outcome = installation.streamctl("reload").expect(40)
    assert "and 2 more" in outcome.stderr or "and 1 more" in outcome.stderr, outcome
    installation.daemon.signal(signal.SIGHUP)
    wait_until(lambda: installation.daemon.output().count("stays in effect") == 2, "the second refusal")
    output = installation.daemon.output()
    assert "relative.db" in output and "nonsense" in output, output
    installation.write_config({}, {})
    assert installation.streamctl("reload").expect(0).stdout == "no database has changed\n"
    assert attached(installation, "a.db") == 1
    installation.stop()


def test_register_lasts_and_unregister_takes_it_back(folder):
    a, b = databases(folder, 2)
    for each in (a, b):
        Writer(each.path).close()
    installation = Installation(folder, [a])
    installation.start()
    url = f"file://{folder}/replica-b"
    outcome = installation.streamctl("register", b.path, url + "?sync-interval=300ms").expect(0)
    assert outcome.stdout == f"added {b.path}\n", outcome
    installation.streamctl("register", b.path, url).expect(2)
    installation.streamctl("unregister", a.path).expect(2)
    wait_until(lambda: states(installation) == {"a.db": "live", "b.db": "live"}, "the new one")
    installation.sync(b)
    installation.kill()
    installation.start()
    wait_until(lambda: states(installation) == {"a.db": "live", "b.db": "live"}, "both after a restart")
    assert installation.streamctl("unregister", "b.db").expect(0).stdout == f"removed {b.path}\n"
    assert list(states(installation)) == ["a.db"]
    installation.stop()
    installation.run_once("--check").expect(0)


if __name__ == "__main__":
    case.run(globals())
