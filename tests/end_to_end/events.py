"""Who is told what happens: commands, web addresses, heartbeats."""
import contextlib
import json
import os
import socket
import threading
import time

from harness import case, web
from harness.waiting import wait_until
from end_to_end.installed import replicated


def command_that_keeps(folder, tail=""):
    """(command, path of what it was given)"""
    script, kept = os.path.join(folder, "tell.sh"), os.path.join(folder, "told")
    with open(script, "w", encoding="utf-8") as output:
        output.write(f"#!/bin/sh\ncat >> '{kept}'\necho \"$@\" >> '{kept}.arguments'\n{tail}\n")
    os.chmod(script, 0o700)
    return [script, "one", "two words"], kept


def told(kept):
    if not os.path.exists(kept):
        return []
    with open(kept, encoding="utf-8") as content:
        return [json.loads(line) for line in content if line.endswith("\n")]


def test_a_failing_replica_and_its_recovery(folder):
    command, kept = command_that_keeps(folder)
    with web.Receiver() as receiver:
        installation, writer = replicated(
            folder, streamd={"on-event": command, "on-event-url": receiver.url + "/hook"})
        installation.databases[0].settings.update({"heartbeat-url": receiver.url + "/ping/secret", "heartbeat-interval": "1s"})
        installation.write_config({"on-event": command, "on-event-url": receiver.url + "/hook"}, {})
        installation.start()
        writer.transactions(1)
        installation.sync(installation.databases[0])
        wait_until(lambda: "/ping/secret" in receiver.paths(), "the first heartbeat")
        assert "/ping/secret/start" in receiver.paths() and "/ping/secret/fail" not in receiver.paths()
        replica = os.path.join(folder, "replica")
        os.rename(replica, replica + "-away")
        writer.transactions(1)
        wait_until(lambda: "/ping/secret/fail" in receiver.paths(), "a heartbeat that says so")
        failing = wait_until(lambda: [event for event in told(kept) if event["event"] == "failing"], "the event")[0]
        assert failing["replica"] == "folder" and failing["error"]["message"], failing
        assert failing["database"] == installation.databases[0].path and failing["host"], failing
        os.rename(replica + "-away", replica)
        wait_until(lambda: "recovered" in [event["event"] for event in told(kept)], "the recovery")
        before = len(receiver.paths())
        wait_until(lambda: "/ping/secret" in receiver.paths()[before:], "heartbeats again")
        assert [event["event"] for event in told(kept)] == ["generation-started", "failing", "recovered"]
        with open(kept + ".arguments", encoding="utf-8") as content:
            assert content.readline() == "one two words\n"
        hooks = wait_until(lambda: (lambda posts: len(posts) == 3 and posts)(
            [json.loads(body) for method, path, body in receiver.requests if (method, path) == ("POST", "/hook")]), "hooks")
        assert [event["event"] for event in hooks] == ["generation-started", "failing", "recovered"], hooks
        assert "/ping/secret" not in installation.daemon.output()
        installation.stop()


def test_only_the_events_that_are_wanted(folder):
    command, kept = command_that_keeps(folder)
    installation, writer = replicated(folder, streamd={"on-event": command, "events": ["snapshot-taken"]})
    installation.start()
    writer.transactions(1)
    installation.sync(installation.databases[0])
    event = wait_until(lambda: told(kept), "an event")
    assert [one["event"] for one in event] == ["snapshot-taken"] and event[0]["replica"] == "folder", event
    installation.stop()


def test_a_command_that_hangs_hinders_nobody(folder):
    command, kept = command_that_keeps(folder, tail=f"sleep 600 & echo $! > '{folder}/left'; wait")
    installation, writer = replicated(folder, streamd={"on-event": command, "on-event-timeout": "1s"})
    installation.start()
    wait_until(lambda: told(kept), "an event")
    writer.transactions(1)
    installation.sync(installation.databases[0])
    wait_until(lambda: "took too long and was killed" in installation.daemon.output(), "its end")
    with open(os.path.join(folder, "left"), encoding="ascii") as content:
        started = int(content.read())
    wait_until(lambda: not os.path.exists(f"/proc/{started}"), "the end of what the command has started")
    began = time.monotonic()
    installation.stop()
    assert time.monotonic() - began < 10


def test_an_address_that_never_answers_does_not_hold_up_the_end(folder):
    """One that says nothing, and one whose answer comes byte by byte for ever."""
    def serve(listener, trickles):
        with contextlib.suppress(OSError):
            while True:
                client = listener.accept()[0]
                held.append(client)
                while trickles:
                    client.send(b"H")
                    time.sleep(0.05)

    for trickles in (False, True):
        held, place = [], os.path.join(folder, str(trickles))
        os.mkdir(place)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            threading.Thread(target=serve, args=(listener, trickles), daemon=True).start()
            installation, _ = replicated(place, streamd={"on-event-url": url, "on-event-timeout": "10m"},
                                         defaults={"heartbeat-url": url + "/beat"})
            installation.start()
            wait_until(lambda: len(held) >= 1, "a request")
            began = time.monotonic()
            installation.stop()
            assert time.monotonic() - began < 20, "the address held it up"
            for client in held:
                client.close()


def test_wrong_settings_are_said(folder):
    installation, _ = replicated(folder, streamd={"on-event": ["notify"], "events": ["failling"], "on-event-url": "ftp://x"})
    outcome = installation.run_once("--check").expect(40)
    for words in ("'notify' is no absolute path", "did you mean 'failing'", "on-event-url is no address"):
        assert words in outcome.stdout, outcome.stdout


if __name__ == "__main__":
    case.run(globals())
