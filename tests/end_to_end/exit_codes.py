"""Exit codes are stable: runbooks branch on them. One line of error, one of hint."""
import os

from harness import case, damage
from harness.daemon import Database, Installation, file_replica, run
from end_to_end.installed import replicated


def complaint(outcome):
    lines = outcome.stderr.splitlines()
    assert lines[0].startswith("streamctl: "), outcome.stderr
    assert len(lines) == 2 and lines[1].startswith("hint: "), outcome.stderr
    return lines[0]


def test_usage_is_2(folder):
    installation, _ = replicated(folder)
    for words in (["nothing"], ["status", "--nothing"], ["sync"], ["restore", "app.db", "--check", "deep"],
                  ["sync", "nobody.db"], ["restore", "app.db", "--timestamp", "yesterday-ish"],
                  ["restore", "app.db", "--txid", "0"], ["restore", "file://" + folder]):
        complaint(installation.streamctl(*words).expect(2))
    run([case.program("streamd"), "--nothing"]).expect(2)
    run([case.program("streamd"), os.path.join(folder, "app.db")]).expect(2)


def test_wrong_commands_are_named(folder):
    installation, _ = replicated(folder)
    for words, message, hint in ((["restor"], "`streamctl restor`", "did you mean `streamctl restore`?"),
                                 (["drivers", "lst"], "`streamctl drivers lst`", "`streamctl drivers list`?"),
                                 (["frobnicate", "x"], "`streamctl frobnicate`", "streamctl --help"),
                                 (["config"], "which command?", "streamctl config --help"),
                                 (["restore"], "source is required", "streamctl restore --help"),
                                 (["sync", "app.db", "--replica", "nobody"], "no replica named nobody", "streamctl databases")):
        outcome = installation.streamctl(*words).expect(2)
        assert message in complaint(outcome) and hint in outcome.stderr, outcome.stderr


def test_once_that_failed_does_not_say_that_all_is_well(folder):
    path, blocked = os.path.join(folder, "app.db"), os.path.join(folder, "blocked")
    with open(blocked, "w", encoding="ascii"):
        pass
    installation = Installation(folder, [Database(path, [file_replica(os.path.join(blocked, "replica"))])])
    outcome = installation.run_once("--once")
    assert outcome.code != 0 and "everything was sent" not in outcome.stderr.replace("not everything was sent", ""), outcome.stderr


def test_an_empty_value_is_no_value(folder):
    """An unset variable of a script must not mean the newest moment, or another file."""
    installation, writer = replicated(folder)
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    out = os.path.join(folder, "out.db")
    for option in ("--timestamp", "--txid", "--generation", "--replica", "--config", "--check"):
        for words in ([option, ""], [option + "="]):
            complaint(installation.streamctl("restore", "app.db", "-o", out, *words).expect(2))
            assert not os.path.exists(out), words
    for words in (["restore", "app.db", "-o", ""], ["restore", "app.db", "--output", ""], ["status", "--control", ""], ["status", "--config", ""], ["status", ""], ["sync", ""],
                  ["sync", "app.db", "--replica", ""], ["restore", ""], ["drivers", "list", "--driver-path", ""],
                  ["generations", "app.db", "--replica", ""]):
        complaint(installation.streamctl(*words).expect(2))
    run([case.program("streamd"), "--config", ""]).expect(2)
    run([case.program("streamd"), "", "file:///x"]).expect(2)
    installation.run_once("--once", "--control", "").expect(0)


def test_restore_says_why_not(folder):
    installation, writer = replicated(folder)
    out = os.path.join(folder, "out.db")
    database = installation.databases[0]
    complaint(installation.restore(database, out).expect(10))
    installation.restore(database, out, "--if-backup-exists").expect(0)
    assert not os.path.exists(out)
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    complaint(installation.restore(database, out, "--timestamp", "2 hours ago").expect(12))
    complaint(installation.restore(database, out, "--txid", "1000000").expect(12))
    assert not os.path.exists(out)
    installation.restore(database, out, "--dry-run").expect(0)
    assert not os.path.exists(out)
    installation.restore(database, out).expect(0)
    complaint(installation.restore(database, out).expect(11))
    installation.restore(database, out, "--if-missing").expect(0)
    installation.restore(database, out, "--force").expect(0)


def test_damage_is_30_and_names_the_object(folder):
    installation, writer = replicated(folder)
    writer.connection.execute("CREATE TABLE large(content)")
    writer.connection.executemany("INSERT INTO large VALUES(randomblob(?))", [(1_000_000,)] * 20)
    writer.transactions(3)
    installation.run_once("--once").expect(0)
    objects = damage.files(os.path.join(folder, "replica", "generations"))
    parts = [path for path in objects if path.endswith(".part")]
    assert len(objects) > 1 and parts, objects
    out = os.path.join(folder, "out.db")
    for path in parts:
        os.rename(path, path + ".aside")
        outcome = installation.restore(installation.databases[0], out).expect(30)
        os.rename(path + ".aside", path)
        assert os.path.basename(path) in complaint(outcome) and "missing" in complaint(outcome), outcome.stderr
    for path in objects:
        damage.flip_bit(path, -40)
        outcome = installation.restore(installation.databases[0], out).expect(30)
        damage.flip_bit(path, -40)
        assert os.path.basename(path) in complaint(outcome), outcome.stderr
        assert "--txid" in outcome.stderr, outcome.stderr
    assert not os.path.exists(out)
    installation.restore(installation.databases[0], out).expect(0)


def test_a_wrong_configuration_is_40(folder):
    installation, _ = replicated(folder)
    with open(installation.config, "a", encoding="utf-8") as config:
        config.write("[nonsense]\n")
    for words in (["status"], ["databases"], ["restore", "app.db"], ["config", "show"]):
        complaint(installation.streamctl(*words).expect(40))
    outcome = installation.streamctl("config", "check", "--json").expect(40)
    assert not outcome.json["valid"] and len(outcome.json["problems"]) == 1


def test_an_unreachable_store_is_20(folder):
    path = os.path.join(folder, "app.db")
    replica = file_replica(os.path.join(folder, "replica"), fault="any:transient:100%")
    installation = Installation(folder, [Database(path, [replica])])
    outcome = installation.run_once("--restore-missing").expect(20)
    assert not os.path.exists(path), outcome.stderr


def test_status_without_a_daemon(folder):
    installation, writer = replicated(folder)
    writer.transactions(3)
    sync = installation.streamctl("sync", "app.db", "--wait", "--json").expect(0)
    outcome = installation.streamctl("status", "--json").expect(0)
    assert outcome.json["daemon"] is None
    status = outcome.json["databases"][0]
    assert status["state"] == "daemon not running" and status["txid"] == sync.json["txid"]
    assert status["replicas"][0]["txid"] == sync.json["txid"]
    assert installation.streamctl("status").expect(0).stdout.startswith("daemon not running\n")


if __name__ == "__main__":
    case.run(globals())
