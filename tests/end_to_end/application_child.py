"""streamd --exec: what the application gets, how it ends, and that its last commits are sent however it ended."""
import os
import shutil
import signal
import sqlite3
import sys

from harness import case
from harness.daemon import Database, Installation, file_replica
from harness.waiting import never_during, wait_until
from end_to_end.installed import replicated, restored

# The application: notes what it gets, commits once more when it is told to end.
PROGRAM = """
import os, signal, sqlite3, sys, time
database, notes, mode = sys.argv[1:4]
def note(text):
    with open(notes, "a") as out: out.write(text + "\\n")
connection = sqlite3.connect(database, isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("CREATE TABLE IF NOT EXISTS lines(text)")
def write(text): connection.execute("INSERT INTO lines VALUES(?)", (text,))
def on(number, frame):
    note(signal.Signals(number).name)
    if number == signal.SIGTERM:
        write("last words")
        os._exit(7)
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT): signal.signal(number, on)
write("started")
note("started " + str(os.getpid()))
if mode == "crash":
    write("before the crash")
    os.kill(os.getpid(), signal.SIGKILL)
if mode == "end":
    write("the end")
    sys.exit(0)
while True: time.sleep(0.05)
"""


def command(folder, mode):
    program = os.path.join(folder, "it's an application.py")
    with open(program, "w", encoding="utf-8") as out:
        out.write(PROGRAM)
    notes = os.path.join(folder, "notes")
    return f"{sys.executable} \"{program}\" '{folder}/app.db' {notes} {mode}", notes


def lines_of(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as content:
        return content.read().splitlines()


def texts(path):
    with sqlite3.connect(path) as connection:
        return [text for (text,) in connection.execute("SELECT text FROM lines")]


def test_signals_reach_it_and_its_exit_code_is_the_daemons(folder):
    installation, writer = replicated(folder)
    writer.close()
    words, notes = command(folder, "stay")
    daemon = installation.start("--exec", words)
    wait_until(lambda: lines_of(notes), "the application's start")
    for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGQUIT"):
        daemon.signal(getattr(signal, name))
        wait_until(lambda name=name: name in lines_of(notes), name)
    assert daemon.terminate() == 7, daemon.output()
    assert texts(restored(installation, "out.db")) == ["started", "last words"]


def test_a_final_sync_follows_a_crash(folder):
    installation, writer = replicated(folder)
    writer.close()
    words, _ = command(folder, "crash")
    daemon = installation.start("--exec", words, ready=False)
    assert daemon.wait() == 128 + signal.SIGKILL, daemon.output()
    assert texts(restored(installation, "out.db")) == ["started", "before the crash"]


def test_a_lost_database_is_restored_first_and_an_unreachable_store_starts_nothing(folder):
    installation, writer = replicated(folder)
    writer.transactions(5)
    expected = writer.points[-1].digest
    writer.close()
    installation.start()
    installation.stop()
    for name in os.listdir(folder):
        if name.startswith(("app.db", ".app.db")):
            path = os.path.join(folder, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)
    words, notes = command(folder, "end")
    installation.databases[0].replicas[0]["fault"] = "any:transient:100%"
    installation.databases[0].replicas[0]["idle-timeout"] = "1s"
    installation.write_config({}, {})
    outcome = installation.run_once("--exec", words)
    assert outcome.code == 20, outcome
    assert not lines_of(notes) and not os.path.exists(installation.databases[0].path)
    del installation.databases[0].replicas[0]["fault"]
    installation.write_config({}, {})
    installation.run_once("--exec", words).expect(0)
    out = restored(installation, "out.db")
    assert texts(out) == ["started", "the end"]
    with sqlite3.connect(out) as connection:
        assert connection.execute("SELECT digest FROM digests ORDER BY number DESC LIMIT 1").fetchone()[0] == expected


def test_a_replica_that_was_filled_and_is_empty_is_no_proof_that_there_is_no_backup(folder):
    installation, writer = replicated(folder)
    writer.transactions(5)
    writer.close()
    installation.start()
    installation.stop()
    database, replica = installation.databases[0].path, os.path.join(folder, "replica")
    for name in os.listdir(folder):
        if name.startswith("app.db"):
            os.remove(os.path.join(folder, name))
    os.rename(replica, replica + "-away")  # a drive that is not mounted; the local state is there
    words, notes = command(folder, "end")
    out = os.path.join(folder, "out.db")
    for outcome in (installation.run_once("--exec", words), installation.run_once("--once", "--restore-missing"),
                    installation.streamctl("restore", database, "--if-backup-exists"),
                    installation.restore(installation.databases[0], out)):
        outcome.expect(20)
        assert "is empty, but this database was replicated there before" in outcome.stderr, outcome
        assert "is its drive mounted" in outcome.stderr, outcome
    assert not lines_of(notes) and not os.path.exists(database)
    os.rename(replica + "-away", replica)
    installation.run_once("--exec", words).expect(0)
    assert texts(restored(installation, "out.db")) == ["started", "the end"]


def test_what_a_short_application_commits_into_a_new_database_is_sent(folder):
    program = os.path.join(folder, "short.py")
    with open(program, "w", encoding="utf-8") as out:
        out.write("import sqlite3, sys\n"
                  "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                  "for sql in ('PRAGMA journal_mode=WAL', 'CREATE TABLE lines(text)',\n"
                  "            \"INSERT INTO lines VALUES('short')\"): connection.execute(sql)\n")
    for life in range(3):
        database = os.path.join(folder, f"new-{life}.db")
        installation = Installation(folder, [Database(database, [file_replica(f"{folder}/replica-{life}")])])
        installation.run_once("--exec", f"{sys.executable} {program} {database}").expect(0)
        assert texts(restored(installation, f"out-{life}.db")) == ["short"]
    database = os.path.join(folder, "never.db")
    installation = Installation(folder, [Database(database, [file_replica(f"{folder}/never")])],
                                streamd={"shutdown-timeout": "1h"})
    outcome = installation.run_once("--exec", "true").expect(1)
    assert "there is no such database" in outcome.stderr, outcome


def test_wrong_commands(folder):
    installation, _ = replicated(folder)
    for words, code, said in (("'open", 2, "a quote is not closed"), (" ", 2, "it names no program"),
                              (os.path.join(folder, "nothing"), 2, "nothing"), (folder, 1, "")):
        outcome = installation.run_once("--exec", words).expect(code)
        assert said in outcome.stderr, outcome
    installation.run_once("--once", "--exec", "true").expect(2)


def test_a_second_signal_ends_the_final_sync(folder):
    installation, writer = replicated(folder, streamd={"shutdown-timeout": "90s"})
    installation.start()
    writer.transactions(3)
    installation.sync(installation.databases[0])
    replica = os.path.join(folder, "replica")
    shutil.rmtree(replica)
    with open(replica, "w", encoding="utf-8") as out:
        out.write("no folder any more")
    writer.transactions(3)
    daemon = installation.daemon
    daemon.signal(signal.SIGTERM)
    wait_until(lambda: "stopping" in daemon.output(), "the final sync")
    never_during(lambda: not daemon.running(), "an end without the sync", 1.0)
    daemon.signal(signal.SIGTERM)
    code = daemon.wait(20)
    assert code != 0 and "not everything reached replica folder" in daemon.output(), daemon.output()


if __name__ == "__main__":
    case.run(globals())
