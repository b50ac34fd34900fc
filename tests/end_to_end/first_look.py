"""What somebody reads who has never seen streamd, at three in the morning."""
import json
import os
import re
import shutil
import signal
import sqlite3

from harness import case, processes
from harness.daemon import Database, Installation, file_replica, run, toml_table
from harness.users import User, need_root
from harness.waiting import wait_until
from harness.workload import Writer
from end_to_end.installed import replicated


def streamctl(*words, **environment):
    return run([case.program("streamctl"), *words], environment)


def test_both_checks_name_what_this_machine_does_not_have(folder):
    missing = os.path.join(folder, "missing.db")
    installation = Installation(folder, [Database(missing, [file_replica(os.path.join(folder, "replica"))])])
    for outcome in (installation.run_once("--check"), installation.streamctl("config", "check")):
        assert f"warning: database {missing} does not exist" in outcome.expect(0).stdout, outcome.stdout
    os.mkdir(missing)
    for outcome in (installation.run_once("--check"), installation.streamctl("config", "check")):
        assert f"database {missing} is a folder" in outcome.expect(40).stdout, outcome.stdout
    os.rmdir(missing)
    too_long = os.path.join(folder, "x" * 107)
    installation.write_config({"control": too_long, "state-dir": os.path.join(installation.config, "state")}, {})
    for outcome in (installation.run_once("--check"), installation.streamctl("config", "check")):
        assert f"{installation.config} is a file" in outcome.expect(40).stdout, outcome.stdout
        assert "1 to 107 bytes" in outcome.stdout, outcome.stdout
    assert len(installation.streamctl("config", "check", "--json").expect(40).json["problems"]) == 3
    installation.write_config({"control": os.path.join(folder, "no", "such", "control.sock")}, {})
    outcome = installation.run_once("--check").expect(40)
    assert os.path.join(folder, "no") + " does not exist" in outcome.stdout, outcome.stdout


def test_without_a_configuration_it_is_said_how_to_go_on(folder):
    absent = os.path.join(folder, "streamd.toml")
    for words in (["status"], ["databases"], ["restore", "app.db"], ["generations", "app.db"], ["sync", "app.db"]):
        outcome = streamctl(*words, STREAMD_CONFIG=absent, STREAMD_CONTROL=os.path.join(folder, "c.sock")).expect(40)
        assert f"{absent}: there is no configuration" in outcome.stderr, outcome.stderr
        assert "streamctl restore URL -o FILE" in outcome.stderr and "--config" in outcome.stderr, outcome.stderr
    outcome = run([case.program("streamd"), "--config", absent]).expect(40)
    assert "there is no configuration" in outcome.stderr and "streamd DB URL" in outcome.stderr, outcome.stderr
    url = "file://" + os.path.join(folder, "nothing")
    os.mkdir(os.path.join(folder, "nothing"))
    for words in (["restore", url, "-o", os.path.join(folder, "out.db")], ["generations", url], ["snapshots", url]):
        streamctl(*words, STREAMD_CONFIG=absent).expect(10)


def test_a_daemon_without_a_configuration(folder):
    control = os.path.join(folder, "c.sock")
    environment = {"STREAMD_CONFIG": "", "STREAMD_CONTROL": control}
    writer = Writer(os.path.join(folder, "app.db"))
    writer.transactions(2)
    daemon = processes.Child([case.program("streamd"), writer.path, "file://" + os.path.join(folder, "replica"),
                              "--http", "", "--control", control], os.path.join(folder, "streamd.log"))
    wait_until(lambda: os.path.exists(control) and streamctl("status", **environment).code == 0, "the daemon")
    name = streamctl("status", "--json", **environment).json["databases"][0]["name"]
    assert name and not os.path.exists(name), name
    for words in (["sync", name, "--wait"], ["compact", name], ["sync", writer.path], ["compact", writer.path]):
        streamctl(*words, **environment).expect(0)
    assert daemon.terminate() == 0, daemon.output()
    for words in (["status"], ["status", name], ["sync", name], ["sync", writer.path]):
        outcome = streamctl(*words, **environment).expect(50)
        assert f"no daemon answers at {control}" in outcome.stderr, outcome.stderr


def test_nothing_is_moved_away_where_nothing_is_to_be_done(folder):
    installation, writer = replicated(folder)
    writer.transactions(2)
    installation.run_once("--once").expect(0)
    writer.close()
    before = sorted(os.listdir(folder))
    installation.streamctl("restore", writer.path, "--force", "--if-missing").expect(2)
    assert sorted(os.listdir(folder)) == before


def test_a_folder_that_is_not_there(folder):
    installation, writer = replicated(folder)
    writer.transactions(2)
    installation.run_once("--once").expect(0)
    out = os.path.join(folder, "no", "such", "out.db")
    outcome = installation.restore(installation.databases[0], out).expect(1)
    assert f"there is no folder {os.path.dirname(out)}" in outcome.stderr, outcome.stderr
    assert f"hint: make it first: mkdir -p {os.path.dirname(out)}" in outcome.stderr, outcome.stderr


def test_a_control_socket_that_is_not_for_everybody(folder):
    need_root()
    installation, _ = replicated(folder)
    installation.start()
    stranger = User(4321, 4321)
    program = shutil.copy(case.program("streamctl"), folder)  # where he may reach it
    os.chmod(folder, 0o755)
    os.chmod(installation.config, 0o644)
    outcome = run(stranger.command([program, "--config", installation.config, "status"])).expect(1)
    assert "Permission denied" in outcome.stderr and "hint: run this as root or" in outcome.stderr, outcome.stderr
    installation.stop()


def test_keys_of_the_log_are_words_with_underscores(folder):
    installation, writer = replicated(folder)
    daemon = processes.Child([case.program("streamd"), "--config", installation.config, "--log-format", "json"],
                             os.path.join(folder, "json.log"))
    wait_until(lambda: "snapshot taken" in daemon.output(), "the first snapshot")
    writer.transactions(3)
    installation.sync(installation.databases[0])
    daemon.signal(signal.SIGHUP)
    wait_until(lambda: "configuration read anew" in daemon.output(), "the answer to SIGHUP")
    assert daemon.running() and daemon.terminate() == 0
    lines = [json.loads(line) for line in daemon.output().splitlines()]
    for line in lines:
        for key in line:
            assert re.fullmatch("[a-z][a-z0-9_]*", key), f"key {key} in {line}"
    stopping = [line for line in lines if line["message"] == "stopping"]
    assert stopping[0]["signal"] == "SIGTERM" and stopping[0]["timeout_ms"] == 30000, stopping


def test_control_characters_of_names_stay_off_the_terminal(folder):
    odd = os.path.join(folder, "new\nline \x1b[31m\tgrün.db")
    connection = sqlite3.connect(odd)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t(x)")
    connection.close()
    installation = Installation(folder, [Database(odd, [file_replica(os.path.join(folder, "replica"))])])
    installation.run_once("--once").expect(0)
    out = odd + "\r.restored"
    for words in (["status"], ["databases"], ["restore", odd, "-o", out], ["sync", odd], ["restore", odd, "-o", out],
                  ["config", "check"], ["restore", odd + "x"]):
        outcome = installation.streamctl(*words)
        text = outcome.stdout + outcome.stderr
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", text), repr(text)
        assert "\nline" not in text, text
    lines = installation.streamctl("databases").expect(0).stdout.splitlines()
    assert len(lines) == 2 and "new\\nline \\x1b[31m\\tgrün.db" in lines[1], lines
    assert lines[0].index("EXISTS") == lines[1].index("yes"), lines
    exact = installation.streamctl("databases", "--json").expect(0).json["databases"][0]
    assert exact["database"] == odd, exact


def test_config_show_shows_the_driver_path_in_effect(folder):
    installation, _ = replicated(folder)
    other = os.path.join(folder, "drivers")
    shutil.copytree(os.environ["STREAMD_DRIVER_PATH"].split(":")[0], other)
    for environment, words, origin in (({"STREAMD_DRIVER_PATH": other}, [], "STREAMD_DRIVER_PATH"),
                                       ({}, ["--driver-path", other], "--driver-path")):
        words = ["config", "show", "--origin", "--json", "--config", installation.config, *words]
        shown = streamctl(*words, **environment).expect(0).json["streamd"]["driver-path"]
        assert shown == {"value": [other], "origin": origin}, shown


def test_too_few_open_files_are_said_at_the_start(folder):
    replica = os.path.join(folder, "replica")
    databases = [Database(os.path.join(folder, f"{i}.db"), [file_replica(os.path.join(replica, str(i)))]) for i in range(20)]
    for database in databases:
        sqlite3.connect(database.path).execute("PRAGMA journal_mode=WAL").connection.close()
    installation = Installation(folder, databases)
    streamd = f"'{case.program('streamd')}' --config '{installation.config}'"
    for arguments, where in (("--once", "stderr"), ("--check", "stdout")):
        few = run(["sh", "-c", f"ulimit -n 300 && exec {streamd} {arguments}"]).expect(40)
        text = getattr(few, where)
        assert "the limit of open files is 300" in text and "LimitNOFILE=" in text, text
    log = os.path.join(folder, "raised.log")
    daemon = processes.Child(["sh", "-c", f"ulimit -S -n 64 && exec {streamd}"], log)
    status = lambda: installation.streamctl("status", "--json").json
    wait_until(lambda: status()["daemon"], "an answer")
    wait_until(lambda: all(each["state"] == "live" for each in status()["databases"]), "all databases", progress=lambda: os.path.getsize(log))
    assert len(processes.open_files(daemon.pid)) > 64
    assert daemon.terminate() == 0, daemon.output()


def test_drivers_check_runs_the_conformance_suite(folder):
    program = os.environ.get("STREAMD_DRIVER_CHECK")
    if not program:
        case.skip("streamd-driver-check is not built here")
    options, store = os.path.join(folder, "options.toml"), os.path.join(folder, "store")
    with open(options, "w", encoding="utf-8") as output:
        output.write(toml_table("", {"path": store}).lstrip())
    path = os.path.dirname(program) + ":" + os.environ["PATH"]
    outcome = streamctl("drivers", "check", "file", options, "--only", "range", PATH=path).expect(0)
    assert "0 failed" in outcome.stdout, outcome.stdout
    library = streamctl("drivers", "show", "file", "--json").expect(0).json["path"]
    outcome = streamctl("drivers", "check", library, options, "--only", "basic.one-byte", "--json", PATH=path).expect(0)
    assert outcome.json["passed"] == 1, outcome.stdout
    left = [name for _, _, names in os.walk(store) for name in names if "check" in name]
    assert not left and not [name for name in os.listdir(store) if name.startswith("streamd-driver-check")], left
    streamctl("drivers", "check", "nothing", options, PATH=path).expect(1)
    streamctl("drivers", "check", "file", PATH=path).expect(2)
    streamctl("drivers", "check", "file", options, "--only", "nonsense", PATH=path).expect(2)
    refused = streamctl("drivers", "check", "file", options, PATH="/nonexistent").expect(1)
    assert "hint: it comes with the SDK" in refused.stderr, refused.stderr


if __name__ == "__main__":
    case.run(globals())
