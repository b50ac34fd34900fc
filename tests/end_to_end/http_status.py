"""Metrics, health and status over HTTP: what they say, who may ask, and clients that misbehave."""
import os
import shutil
import socket
import subprocess
import time

from harness import case, web
from harness.waiting import wait_until
from end_to_end.installed import replicated


def started(folder, **streamd):
    installation, writer = replicated(folder, streamd={**web.ANY_PORT, **streamd})
    installation.start()
    return installation, writer, web.address_of(installation)


def metrics(url):
    status, headers, body = web.get(url + "/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain; version=0.0.4"), (status, headers)
    return web.samples(body)


def test_metrics_follow_the_database(folder):
    installation, writer, url = started(folder)
    writer.transactions(20)
    installation.sync(installation.databases[0])
    database = ("database", installation.databases[0].path)
    of_replica = (database, ("replica", "folder"))
    found = metrics(url)
    assert found["streamd_databases", ()] == 1
    assert found["streamd_database_followed", (database,)] == 1
    assert found["streamd_replica_restorable", of_replica] == 1
    captured = found["streamd_database_captured_txid", (database,)]
    assert captured > 1 and found["streamd_replica_acknowledged_txid", of_replica] == captured
    assert found["streamd_replica_lag_seconds", of_replica] == 0
    assert found["streamd_replica_lag_transactions", of_replica] == 0
    assert abs(found["streamd_replica_last_success_timestamp_seconds", of_replica] - time.time()) < 60
    assert found["streamd_store_requests_total", (*of_replica, ("operation", "put"))] >= 2
    assert found["streamd_store_bytes_total", (*of_replica, ("operation", "put"))] > 0
    count = ("streamd_store_request_duration_seconds_count", (("driver", "file"), ("operation", "put")))
    assert found[count] >= 2
    assert found["process_open_fds", ()] > 3 and found["process_resident_memory_bytes", ()] > 1e6
    assert abs(found["process_start_time_seconds", ()] - time.time()) < 60
    installation.stop()


def test_promtool_has_nothing_to_say(folder):
    promtool = shutil.which("promtool")
    if promtool is None:
        case.skip("promtool is not installed (Debian's package prometheus has it)")
    installation, _, url = started(folder)
    body = web.get(url + "/metrics")[2]
    checked = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and not checked.stderr.strip(), checked.stderr
    installation.stop()


def test_health_says_what_is_wrong(folder):
    installation, writer, url = started(folder)
    writer.transactions(1)
    installation.sync(installation.databases[0])
    assert web.get_json(url + "/healthz")[0] == 200
    status, body = web.get_json(url + "/readyz")
    assert status == 200 and body["ready"] and body["reasons"] == [], body
    replica = os.path.join(folder, "replica")
    os.rename(replica, replica + "-away")
    writer.transactions(1)
    status, body = wait_until(lambda: (lambda answer: answer[0] == 503 and answer)(web.get_json(url + "/readyz")), "503")
    assert body["reasons"][0]["replica"] == "folder" and body["reasons"][0]["error"]["message"], body
    assert web.get_json(url + "/healthz")[0] == 200
    key = ("streamd_replica_up", (("database", installation.databases[0].path), ("replica", "folder")))
    assert metrics(url)[key] == 0
    page = web.get_json(url + "/api/status")[1]
    assert page["verdict"] == {"concern": 2, "text": "Your database is not safe"}, page["verdict"]
    assert page["databases"][0]["replicas"][0]["lag_transactions"] >= 1
    os.rename(replica + "-away", replica)
    wait_until(lambda: web.get_json(url + "/readyz")[0] == 200, "ready again")
    log = installation.daemon.output()
    assert log.count("replica is failing") == 1 and "failures=" in log, log
    installation.stop()


def test_status_is_that_of_the_control_socket_and_more(folder):
    installation, writer, url = started(folder)
    writer.transactions(3)
    installation.sync(installation.databases[0])
    ours = installation.streamctl("status", "--json").json["databases"][0]
    page = web.get_json(url + "/api/status?limit=10")[1]
    assert page["verdict"]["concern"] == 0 and page["total"] == 1, page
    theirs = page["databases"][0]
    assert {name: theirs[name] for name in ours if name not in ("replicas", "spool_bytes", "wal_bytes")} == \
        {name: ours[name] for name in ours if name not in ("replicas", "spool_bytes", "wal_bytes")}
    replica = theirs["replicas"][0]
    assert replica["restorable"][-1]["last"] == theirs["txid"], replica
    assert web.get_json(url + "/api/status?filter=nobody")[1]["total"] == 0
    assert web.get_json(url + "/api/status?offset=x")[0] == 400
    installation.stop()


def test_who_is_let_in(folder):
    secret = os.path.join(folder, "token")
    with open(secret, "w", encoding="utf-8") as output:
        output.write("0123456789abcdef-right\n")
    installation, _, url = started(folder, **{"http": "0.0.0.0:0", "http-token": "file:" + secret})
    url = url.replace("0.0.0.0", "127.0.0.1")
    assert web.get(url + "/metrics")[0] == 401
    assert web.get(url + "/readyz", {"Authorization": "Bearer 0123456789abcdef-wrong"})[0] == 401
    right = {"Authorization": "Bearer 0123456789abcdef-right"}
    for path in ("/metrics", "/readyz", "/api/status"):
        assert web.get(url + path, right)[0] in (200, 503), path
    for path in ("/", "/page.js", "/page.css", "/healthz"):
        assert web.get(url + path)[0] == 200, path
    installation.stop()


def test_beyond_loopback_needs_a_token(folder):
    installation, _ = replicated(folder, streamd={"http": "0.0.0.0:0"})
    outcome = installation.run_once("--check").expect(40)
    assert "there is no http-token" in outcome.stdout, outcome.stdout
    installation.write_config({"http": ""}, {})
    outcome = installation.run_once("--http", "0.0.0.0:0").expect(40)
    assert "there is no http-token" in outcome.stderr, outcome.stderr
    outcome = installation.run_once("--check", "--http", "localhost").expect(40)
    assert "no address with a port" in outcome.stdout, outcome.stdout


def test_a_port_that_is_taken(folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        installation, _ = replicated(folder, streamd={"http": address})
        outcome = installation.run_once().expect(1)
        assert f"somebody else listens at {address}" in outcome.stderr, outcome.stderr


def test_other_requests_and_names(folder):
    installation, _, url = started(folder)
    assert web.get(url + "/nothing")[0] == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        status, headers, _ = web.get(url + "/api/status", method=method)
        assert status == 405 and headers["Allow"] == "GET, HEAD", (method, status)
    status, headers, body = web.get(url + "/", method="HEAD")
    assert status == 200 and body == "" and int(headers["Content-Length"]) > 500
    assert "default-src 'none'" in headers["Content-Security-Policy"], headers
    assert web.get(url + "/api/status", {"Host": "evil.example"})[0] == 421
    assert web.get(url + "/api/status", {"Host": "localhost:1"})[0] == 200
    installation.stop()


def test_clients_that_misbehave_block_nobody(folder):
    installation, _, url = started(folder)
    assert b" 400 " in web.raw(url, b"GET /api/status?a=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    host, port = "127.0.0.1", int(url.rsplit(":", 1)[1])
    slow = [socket.create_connection((host, port)) for _ in range(100)]
    for client in slow:
        client.sendall(b"GET /metr")
    with socket.create_connection((host, port)) as endless:
        try:
            for _ in range(64):
                endless.sendall(b"X-Header: " + b"x" * 100_000 + b"\r\n")
        except OSError:
            pass  # closed, as it should be
        else:
            raise AssertionError("it takes headers without end")
    began = time.monotonic()

    def answered():
        for client in slow[:50]:  # a byte now and then keeps nobody's thread
            try:
                client.sendall(b"i")
            except OSError:
                pass
        try:
            return web.get(url + "/healthz")[0] == 200
        except OSError:
            return False

    wait_until(answered, "an answer", pause=0.5)
    assert time.monotonic() - began < 45
    for client in slow:
        client.close()
    installation.stop()


if __name__ == "__main__":
    case.run(globals())
