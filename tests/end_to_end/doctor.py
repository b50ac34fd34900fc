"""streamctl doctor: each line of what people run into (a wrong path, no right to it, a restore over what exists, keys and
endpoints of a store, a log that somebody keeps) is named, with what to do."""
import os
import shutil
import sqlite3

from harness import case, processes, workload
from harness.daemon import Database, Installation, file_replica, run
from harness.users import User, need_root
from harness.waiting import wait_until
from support.fake_s3 import FakeS3
from end_to_end.installed import replicated


def doctor(installation, *words, code=0):
    return installation.streamctl("doctor", *words).expect(code)


def test_all_is_well(folder):
    installation, writer = replicated(folder)
    installation.start()
    writer.transactions(3)
    installation.sync(installation.databases[0])
    said = doctor(installation).stdout
    assert "\n0 problems, " in said, said
    for words in ("can restore up to transaction", "it can be written, read and listed", "streamd: ", "driver file: "):
        assert words in said, said
    findings = doctor(installation, installation.databases[0].path, "--json").json
    assert findings["problems"] == 0 and findings["exit_code"] == 0, findings
    left = [name for _, _, names in os.walk(folder) for name in names if "streamd-doctor" in name]
    assert not left, left
    installation.stop()


def test_backup_not_starting(folder):
    """The path is wrong, the database is not in WAL mode, the daemon does not run."""
    missing, plain = os.path.join(folder, "missing.db"), os.path.join(folder, "plain.db")
    with sqlite3.connect(plain) as connection:
        connection.execute("CREATE TABLE t(x)")
    connection.close()
    replicas = [file_replica(os.path.join(folder, "replica"))]
    installation = Installation(folder, [Database(missing, [file_replica(os.path.join(folder, "other"))]),
                                         Database(plain, replicas)])
    said = doctor(installation, code=50).stdout
    assert f"database {missing}: it does not exist" in said and "is the path right?" in said, said
    assert "not in WAL mode" in said and "PRAGMA journal_mode=WAL" in said, said
    assert "problem streamd: " in said, said


def test_no_right_to_the_database(folder):
    need_root()
    path = os.path.join(folder, "app.db")
    writer = workload.Writer(path)
    os.chmod(path, 0o600)
    os.chmod(folder, 0o755)
    installation = Installation(folder, [Database(path, [file_replica(os.path.join(folder, "replica"))])])
    os.chmod(installation.config, 0o644)
    stranger = User(4321, 4321)
    program = shutil.copy(case.program("streamctl"), folder)
    outcome = run(stranger.command([program, "doctor", "--config", installation.config]))
    assert outcome.code != 0 and f"problem database {path}" in outcome.stdout, outcome.stdout + outcome.stderr
    assert "hint: " in outcome.stdout.split(f"problem database {path}")[1].splitlines()[1], outcome.stdout
    writer.close()


def test_who_keeps_the_log(folder):
    installation, writer = replicated(folder)
    installation.databases[0].settings["wal-soft-limit"] = "1MiB"
    installation.write_config({}, {})
    reader = processes.Child(
        ["/usr/bin/python3", "-c",
         "import sqlite3, sys, time\n"
         "connection = sqlite3.connect(sys.argv[1])\n"
         "connection.execute('BEGIN')\n"
         "connection.execute('SELECT count(*) FROM sqlite_master').fetchall()\n"
         "print('reading', flush=True)\n"
         "time.sleep(600)", installation.databases[0].path], os.path.join(folder, "reader.log"))
    wait_until(lambda: "reading" in reader.output(), "the reader's transaction")
    writer.connection.execute("CREATE TABLE IF NOT EXISTS large(content)")
    writer.connection.execute("INSERT INTO large VALUES(zeroblob(4000000))")
    writer.connection.commit()
    said = installation.streamctl("doctor").stdout
    assert f"process {reader.pid} (python3) keeps it" in said and "end that read transaction" in said, said
    reader.kill()


def test_a_restore_over_what_exists(folder):
    installation, writer = replicated(folder)
    writer.transactions(2)
    installation.run_once("--once").expect(0)
    writer.close()
    outcome = installation.streamctl("restore", installation.databases[0].path).expect(11)
    assert "--force" in outcome.stderr, outcome.stderr


def test_keys_and_endpoints(folder):
    path = os.path.join(folder, "app.db")
    writer = workload.Writer(path)
    server = FakeS3("aws")
    server.make_bucket("backups")
    options = {"name": "offsite", "driver": "s3", "path": "app", **server.options("backups")}
    installation = Installation(folder, [Database(path, [options])])
    said = installation.streamctl("doctor").expect(50).stdout  # only that no daemon runs
    assert "it can be written, read and listed" in said and "1 problem, " in said, said
    options["secret-access-key"] = "wrong"
    installation.write_config({}, {})
    said = installation.streamctl("doctor", "--json").json
    (finding,) = [each for each in said["findings"] if each["subject"].startswith("replica") and
                  each["severity"] == "problem"]
    assert finding["code"] == "credentials refused" and finding["hint"], finding
    options["endpoint"] = "http://127.0.0.1:1"
    installation.write_config({}, {})
    said = installation.streamctl("doctor").stdout
    assert "127.0.0.1" in said.split("problem replica offsite")[1], said
    writer.close()


if __name__ == "__main__":
    case.run(globals())
