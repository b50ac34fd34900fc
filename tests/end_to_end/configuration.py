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


if __name__ == "__main__":
    case.run(globals())
