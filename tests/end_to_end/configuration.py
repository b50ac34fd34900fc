"""What is written in a configuration happens, or is said not to."""
import glob
import os
import re

from harness import case
from harness.daemon import Database, Installation, file_replica, run
from harness.workload import Writer


def configured(folder, **replica):
    database = Database(os.path.join(folder, "app.db"), [file_replica(os.path.join(folder, "replica"), **replica)])
    writer = Writer(database.path)
    writer.transactions(3)
    return Installation(folder, [database])


def place_of(installation, key):
    """ "file:line" of the key, as messages name it."""
    with open(installation.config, encoding="utf-8") as config:
        lines = config.read().splitlines()
    return f"{installation.config}:{1 + [line.split(' ')[0] for line in lines].index(key)}"


def test_recipients_that_are_no_public_keys(folder):
    installation = configured(folder, recipients=["age1qqq"])
    for outcome in (installation.streamctl("config", "check"), installation.run_once("--check"),
                    installation.run_once("--once"), installation.streamctl("sync", "app.db")):
        text = outcome.expect(40).stdout + outcome.stderr
        assert place_of(installation, "recipients") + ": a recipient is no public key" in text, text
    assert not os.path.exists(os.path.join(folder, "replica")), "it was replicated all the same"
    url = f"file://{folder}/replica?recipients=age1qqq"
    run([case.program("streamd"), "--once", os.path.join(folder, "app.db"), url]).expect(40)


def test_faults_that_are_not_understood(folder):
    installation = configured(folder, fault="put:boom:10%")
    for outcome in (installation.streamctl("config", "check"), installation.run_once("--check"),
                    installation.run_once("--once")):
        text = outcome.expect(40).stdout + outcome.stderr
        assert f"{place_of(installation, 'fault')}: fault 'put:boom:10%': 'boom' is not understood" in text, text
    url = f"file://{folder}/replica?fault=put:boom:10%25"
    run([case.program("streamd"), "--check", os.path.join(folder, "app.db"), url]).expect(40)


def test_limits_that_are_no_sizes(folder):
    outcome = configured(folder, **{"bandwidth-limit": "fast"}).streamctl("config", "check").expect(40)
    assert "bandwidth-limit" in outcome.stdout, outcome.stdout


def test_every_example_is_understood(folder):
    examples = sorted(glob.glob(os.path.join(os.environ["SOURCE"], "conf", "examples", "*.toml")))
    assert len(examples) >= 10, examples
    for path in examples:
        with open(path, encoding="utf-8") as content:
            variables = {name: "x" for name in re.findall(r"\$\{(\w+)\}", content.read())}
        checked = run([case.program("streamctl"), "--config", path, "config", "check"], variables)
        assert checked.code == 0, f"{path}\n{checked.stdout}{checked.stderr}"


def test_two_databases_whose_files_have_the_same_name(folder):
    databases = []
    for place in ("a", "b", "c"):
        os.mkdir(os.path.join(folder, place))
        writer = Writer(os.path.join(folder, place, "app.db"))
        writer.transactions(1)
        writer.close()
        if place != "c":
            databases.append(Database(writer.path, [file_replica(os.path.join(folder, "replica-" + place))]))
    installation = Installation(folder, databases)

    def from_folder(place, *arguments):
        command = ["env", "-C", os.path.join(folder, place), case.program("streamctl"), *arguments]
        return run(command, {"STREAMD_CONFIG": installation.config})

    for running in (False, True):
        if running:
            installation.start()
        for command in (["sync", "app.db", "--wait", "--json"], ["status", "app.db", "--json"]):
            answer = from_folder("b", *command).expect(0).json
            path = answer["database"] if "database" in answer else answer["databases"][0]["database"]
            assert path == databases[1].path, answer
            outcome = from_folder(".", *command).expect(2)
            assert databases[0].path in outcome.stderr and databases[1].path in outcome.stderr, outcome.stderr
            outcome = from_folder("c", *command).expect(2)
            assert os.path.join(folder, "c", "app.db") in outcome.stderr, outcome.stderr
    from_folder(".", "pause", "app.db").expect(2)
    assert from_folder("b", "pause", "app.db", "--json").expect(0).json["database"] == databases[1].path
    installation.stop()
    from_folder("c", "adopt", "app.db", "local").expect(2)
    from_folder("c", "restore", "app.db").expect(2)


if __name__ == "__main__":
    case.run(globals())
