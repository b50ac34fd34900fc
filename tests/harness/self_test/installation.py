"""The generated configuration is TOML that says what was asked, and outcomes are read as they are."""
import os
import sys
import tomllib

from harness import case
from harness.daemon import Database, Installation, Outcome, file_replica, run


def test_the_configuration_says_what_was_asked(folder):
    os.environ["STREAMD_DRIVER_PATH"] = "/some/drivers:/more:/some/drivers"
    database = Database(os.path.join(folder, 'a "quoted" näme.db'),
                        [file_replica("/replica/one", retention="30d"), file_replica("/two", name="second")],
                        {"set-wal": True})
    installation = Installation(folder, [database], streamd={"state-dir": "/state"}, defaults={"sync-interval": "100ms"})
    with open(installation.config, "rb") as written:
        config = tomllib.load(written)
    assert config["streamd"] == {"driver-path": ["/some/drivers", "/more"], "http": "",
                                 "control": installation.control, "state-dir": "/state"}
    assert config["defaults"] == {"sync-interval": "100ms"}
    assert config["database"] == [{
        "path": database.path, "set-wal": True,
        "replica": [{"name": "folder", "driver": "file", "path": "/replica/one", "retention": "30d"},
                    {"name": "second", "driver": "file", "path": "/two"}]}]
    assert os.stat(installation.config).st_mode & 0o777 == 0o600


def test_outcomes_have_code_output_and_json(_):
    script = "import sys; print('{\"txid\": 7}'); print('why', file=sys.stderr); sys.exit(12)"
    outcome = run([sys.executable, "-c", script])
    assert (outcome.code, outcome.json, outcome.stderr) == (12, {"txid": 7}, "why\n")
    assert outcome.expect(12) is outcome
    for wrong in (lambda: outcome.expect(0), lambda: Outcome(0, "no json", "").json):
        try:
            wrong()
        except AssertionError:
            continue
        raise AssertionError("a wrong outcome was accepted")


def test_a_missing_program_is_a_skip(_):
    os.environ.pop("STREAMD", None)
    try:
        case.program("streamd")
    except case.Skipped as skipped:
        assert "streamd is not built here" in str(skipped)
    else:
        raise AssertionError("it did not skip")


if __name__ == "__main__":
    case.run(globals())
