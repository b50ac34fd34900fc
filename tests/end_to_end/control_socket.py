"""The control socket: who may use it, who may have it, and clients that misbehave."""
import json
import os
import socket
import stat

from harness import case
from harness.daemon import run
from end_to_end.installed import replicated


def request(path, text):
    """Sends raw bytes and returns (status line, JSON body)."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        client.sendall(text.encode())
        answer = b""
        while block := client.recv(65536):
            answer += block
    head, _, body = answer.decode().partition("\r\n\r\n")
    return head.splitlines()[0], json.loads(body)


def get(path, resource):
    return request(path, f"GET {resource} HTTP/1.1\r\nHost: streamd\r\n\r\n")


def test_its_mode_and_its_end(folder):
    installation, _ = replicated(folder)
    installation.start()
    assert stat.S_IMODE(os.stat(installation.control).st_mode) == 0o600
    assert stat.S_ISSOCK(os.stat(installation.control).st_mode)
    installation.stop()
    assert not os.path.exists(installation.control)


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(folder):
    installation, _ = replicated(folder)
    installation.start()
    installation.kill()
    assert os.path.exists(installation.control)
    installation.start()
    other_folder = os.path.join(folder, "other")
    os.mkdir(other_folder)
    other, _ = replicated(other_folder)
    outcome = other.run_once("--control", installation.control).expect(1)
    assert "another streamd answers there" in outcome.stderr, outcome.stderr
    installation.streamctl("status").expect(0)
    installation.stop()


def test_a_path_that_is_too_long_is_said(folder):
    installation, _ = replicated(folder)
    outcome = installation.run_once("--control", os.path.join(folder, "x" * 120)).expect(40)
    assert "1 to 107 bytes" in outcome.stderr, outcome.stderr


def test_clients_that_hang_do_not_block_others(folder):
    installation, _ = replicated(folder)
    installation.start()
    hanging = [socket.socket(socket.AF_UNIX) for _ in range(8)]
    for client in hanging:
        client.connect(installation.control)
        client.sendall(b"GET /v1/sta")
    installation.streamctl("status").expect(0)
    for client in hanging:
        client.close()
    installation.streamctl("status").expect(0)
    installation.stop()


def test_wrong_requests_are_answered_with_errors(folder):
    installation, _ = replicated(folder)
    installation.start()
    line, body = get(installation.control, "/v1/nothing")
    assert line.endswith(" 404 Not Found") and body["error"]["code"] == "not found", (line, body)
    line, body = get(installation.control, "/v1/sync")
    assert line.endswith(" 405 Method Not Allowed") and body["error"]["hint"] == "use POST", (line, body)
    line, body = get(installation.control, "/v1/status?database=nobody")
    assert line.endswith(" 400 Bad Request") and body["error"]["exit_code"] == 2, (line, body)
    line, body = get(installation.control, "/v1/status?a=%zz")
    assert line.endswith(" 400 Bad Request") and body["error"]["exit_code"] == 2, (line, body)
    text = "POST /v1/sync HTTP/1.1\r\nHost: streamd\r\nContent-Length: 3\r\n\r\n{{{"
    line, body = request(installation.control, text)
    assert line.endswith(" 400 Bad Request") and "JSON" in body["error"]["message"], (line, body)
    for size in (65536 + 1, 500_000):
        text = f"POST /v1/sync HTTP/1.1\r\nHost: streamd\r\nContent-Length: {size}\r\n\r\n" + " " * size
        line, body = request(installation.control, text)
        assert " 413 " in line and "65536 bytes" in body["error"]["message"], (line, body)
    text = "POST /v1/sync HTTP/1.1\r\nHost: streamd\r\nContent-Length: 2\r\n\r\n[]"
    line, body = request(installation.control, text)
    assert line.endswith(" 400 Bad Request"), (line, body)
    line, body = get(installation.control, "/v1/version")
    assert line.endswith(" 200 OK") and body["pid"] == installation.daemon.pid, (line, body)
    installation.stop()


def test_sync_waits_for_the_last_commit(folder):
    installation, writer = replicated(folder)
    installation.start()
    database = installation.databases[0]
    installation.sync(database)
    replica = os.path.join(folder, "replica")
    os.rename(replica, replica + "-away")
    writer.transactions(1)
    installation.streamctl("sync", database.path, "--wait", "--timeout", "3s").expect(20)
    os.rename(replica + "-away", replica)
    installation.sync(database)
    installation.stop()


def test_common_options_may_stand_before_the_command(folder):
    installation, _ = replicated(folder)
    installation.start()
    installation.sync(installation.databases[0])  # `snapshots` asks the replica
    streamctl, path = case.program("streamctl"), installation.databases[0].path
    for words in (["--config", installation.config, "status", path], ["--config", installation.config, "sync", "app.db"],
                  ["--control", installation.control, "--config", "/nonexistent", "status", path],
                  ["--config", installation.config, "config", "check"],
                  ["config", "--config", installation.config, "check"],
                  ["--config", "/nonexistent", "snapshots", "--config", installation.config, path]):
        run([streamctl, *words]).expect(0)
    for words in (["--json", "status"], ["status", "--json"]):
        assert run([streamctl, "--config", installation.config, *words]).expect(0).json["daemon"] is not None
    assert run([streamctl, "--json", "version"]).expect(0).json
    installation.stop()


if __name__ == "__main__":
    case.run(globals())
