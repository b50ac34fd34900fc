"""`streamctl config import` on a corpus of Litestream's configurations: what comes out passes `config check`."""
import os

from harness import case
from harness.daemon import run

# Written from the tables of Litestream's fields: every one is in here somewhere.
CORPUS = {
    "smallest": "dbs: [{path: /data/a.db, replicas: [{url: 's3://b/a'}]}]",
    "0.3": """
access-key-id: $KEY_ID
secret-access-key: ${SECRET}
addr: ":9090"
exec: "app --serve"
logging: {level: debug, type: text, stderr: false}
dbs:
  - path: /data/a.db
    meta-path: /var/lib/a
    monitor-interval: 1s
    checkpoint-interval: 1m
    min-checkpoint-page-count: 1000
    max-checkpoint-page-count: 10000
    replicas:
      - {type: s3, name: main, bucket: b, path: a, region: us-east-1, retention: 168h, retention-check-interval: 1h,
         sync-interval: 1s, snapshot-interval: 24h, validation-interval: 12h}
      - {url: "s3://b2.s3.us-west-000.backblazeb2.com/a", force-path-style: true, skip-verify: true}
      - {url: "s3://b3.localhost:9000/a"}
      - {path: /backups/a, sync-interval: 5000000000}
      - {url: "file:///backups/other", retention: 0s}
      - {type: abs, account-name: n, account-key: k, bucket: c, path: a}
      - {type: sftp, host: "h:22", user: u, password: p, key-path: /k, path: /a}
      - {path: /secret, age: {identities: [i], recipients: [r]}}
""",
    "0.5": """
addr: "127.0.0.1:9090"
mcp-addr: ":3001"
socket: {enabled: true, path: /run/l.sock, permissions: 0600}
levels: [{interval: 30s}, {interval: 5m}, {interval: 1h}]
snapshot: {interval: 12h, retention: 72h}
validation: {interval: 1h}
l0-retention: 5m
l0-retention-check-interval: 15s
verify-compaction: true
retention: {enabled: true}
heartbeat-url: https://example.com/ping
heartbeat-interval: 5m
shutdown-sync-timeout: 30s
shutdown-sync-interval: 500ms
logging: {level: trace, type: pretty, stderr: true, source: true}
region: eu-central-1
access-key-id: ${KEY_ID}
secret-access-key: written-out
dbs:
  - path: sqlite3:///data/a.db
    busy-timeout: 1s
    truncate-page-n: 121359
    max-sync-wal-bytes: 67108864
    restore-if-db-not-exists: true
    snapshot: {interval: 6h, retention: 48h}
    replica:
      url: "s3://b/a?endpoint=https://s3.example.com&forcePathStyle=true&storageClass=STANDARD_IA&partSize=10MiB"
      sign-payload: true
      require-content-md5: false
      concurrency: 5
      sse-customer-algorithm: AES256
      sse-customer-key: ${SSE_KEY}
      max-sync-ltx-files: 256
      auto-recover: true
  - path: /data/b.db
    replica: {type: s3, bucket: b, path: b, part-size: "5242880", sse-kms-key-id: arn, endpoint: minio.example.com}
  - path: ~/c.db
    replica: {type: file, path: ~/backups/c}
  - {dir: /data/tenants, pattern: "*.db", recursive: true, watch: true, meta-dir: /m, replica: {url: "s3://b/t"}}
  - {path: /data/d.db, replica: {url: "nats://h/b", jwt: j, seed: s, creds: c, nkey: n, username: u, password: p, token: t,
     tls: true, root-cas: [r], client-cert: c, client-key: k, max-reconnects: -1, reconnect-wait: 2s, timeout: 10s}}
  - {path: /data/e.db, replica: {type: webdav, webdav-url: w, webdav-username: u, webdav-password: p, path: e}}
  - {path: /data/f.db, replica: {url: "gs://b/f"}}
  - {path: /data/g.db, replica: {url: "oss://b/g"}}
  - {path: /data/h.db, replica: {type: file, path: "/b 100%/\\"h\\"", sas-token: s, host-key: k, concurrent-writes: true}}
""",
    "anchors": """
x: &settings {sync-interval: 10s}
dbs:
  - path: /data/a.db
    replicas: [*settings, {path: /b}]
""",
}
ENVIRONMENT = {"KEY_ID": "AKIDEXAMPLE", "SECRET": "sesame", "SSE_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}


def imported(folder, name, text):
    path, out = os.path.join(folder, "litestream.yml"), os.path.join(folder, f"{name}.toml")
    with open(path, "w", encoding="utf-8") as output:
        output.write(text)
    outcome = run([case.program("streamctl"), "config", "import", path, "-o", out])
    return outcome, out


def test_the_corpus_passes_the_check(folder):
    for name, text in CORPUS.items():
        outcome, out = imported(folder, name, text)
        outcome.expect(0)
        assert os.stat(out).st_mode & 0o777 == 0o600
        checked = run([case.program("streamctl"), "config", "check", "--config", out, "--json"], ENVIRONMENT)
        problems = [problem for problem in checked.json["problems"] if not problem["warning"]]
        # This machine has not the folders; everything else must be right.
        assert not [problem for problem in problems if "control" not in problem["message"]], (name, problems)
        shown = run([case.program("streamctl"), "config", "show", "--config", out, "--json"], ENVIRONMENT)
        assert shown.code == 0 and '"databases"' in shown.stdout, (name, shown)


def test_secrets_and_variables(folder):
    outcome, out = imported(folder, "0.3", CORPUS["0.3"])
    with open(out, encoding="utf-8") as file:
        made = file.read()
    assert 'secret-access-key = "${SECRET}"' in made and "sesame" not in made
    assert "written out" not in outcome.stderr
    outcome, out = imported(folder, "0.5", CORPUS["0.5"])
    assert "secret-access-key: it is written out here" in outcome.stderr
    unset = run([case.program("streamctl"), "config", "check", "--config", out], {"KEY_ID": ""})
    assert "SSE_KEY" in unset.stdout and unset.code == 40, unset


def test_refusals(folder):
    outcome, out = imported(folder, "x", CORPUS["smallest"])
    again = run([case.program("streamctl"), "config", "import", os.path.join(folder, "litestream.yml"), "-o", out])
    assert again.code == 11 and "it exists" in again.stderr
    printed = run([case.program("streamctl"), "config", "import", os.path.join(folder, "litestream.yml")]).expect(0)
    assert 'path = "a-streamd"' in printed.stdout
    for text in ("dbs: []", "a: [", "- 1"):
        outcome, out = imported(folder, "refused", text)
        assert outcome.code == 40 and "litestream.yml" in outcome.stderr and not os.path.exists(out), outcome
    assert run([case.program("streamctl"), "config", "import", "/nowhere.yml"]).code == 1


if __name__ == "__main__":
    case.run(globals())
