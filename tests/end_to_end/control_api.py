"""docs/control-api.yaml against the running daemon: every request that it answers, every member of the answers."""
import json
import os
import socket

import yaml

from harness import case
from end_to_end.installed import replicated

KINDS = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def described():
    with open(os.path.join(os.environ["SOURCE"], "docs/control-api.yaml"), encoding="utf-8") as content:
        return yaml.safe_load(content)


def resolved(api, schema):
    reference = schema.get("$ref")
    return api["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema


def complaints(api, schema, value, where):
    """What in the value is not as the schema says, undescribed members too."""
    schema = resolved(api, schema)
    if value is None and schema.get("nullable"):
        return []
    kind = schema["type"]
    if not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"{where} is no {kind}: {value!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is none of {schema['enum']}: {value!r}"]
    if kind == "array":
        return [each for item in value for each in complaints(api, schema["items"], item, where + "[]")]
    if kind != "object":
        return []
    found = [f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value]
    for name, member in value.items():
        if name in schema["properties"]:
            found += complaints(api, schema["properties"][name], member, f"{where}.{name}")
        else:
            found.append(f"{where}.{name} is not described")
    return found


def ask(path, method, resource, body=None):
    """(HTTP status, JSON)"""
    text = "" if body is None else json.dumps(body)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(60)
        client.connect(path)
        client.sendall(f"{method} {resource} HTTP/1.1\r\nHost: streamd\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
        answer = b""
        while block := client.recv(65536):
            answer += block
    head, _, content = answer.decode().partition("\r\n\r\n")
    return int(head.split()[1]), json.loads(content)


def checked(api, path, method, resource, body=None):
    status, answer = ask(path, method, resource, body)
    assert status == 200, (method, resource, status, answer)
    operation = api["paths"][resource.partition("?")[0]][method.lower()]
    if body is not None:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert not complaints(api, schema, body, "request"), complaints(api, schema, body, "request")
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert not complaints(api, schema, answer, resource), complaints(api, schema, answer, resource)
    return answer


def test_every_request_is_as_it_is_described(folder):
    api = described()
    waits = os.path.join(folder, "wait.sock")
    installation, writer = replicated(folder, streamd={"wait-control": waits})
    installation.start()
    control, database = installation.control, installation.databases[0].path
    writer.transactions(3)
    version = checked(api, control, "GET", "/v1/version")
    operations = {f"{method.upper()} {path}": operation
                  for path, methods in api["paths"].items() for method, operation in methods.items()}
    assert set(version["requests"]) == set(operations), version["requests"]
    for_all = {name for name, operation in operations.items() if operation.get("x-audience") == "applications"}
    assert set(checked(api, waits, "GET", "/v1/version")["requests"]) == for_all

    checked(api, control, "GET", "/v1/status")
    answer = checked(api, waits, "POST", "/v1/wait", {"database": database, "min_replicas": 1, "timeout_ms": 60000})
    assert answer["acknowledged"], answer
    answer = checked(api, control, "POST", "/v1/sync", {"database": database, "wait": True})
    assert answer["replicas"][0]["txid"] == answer["txid"], answer
    answer = checked(api, control, "POST", "/v1/snapshot", {"database": database})
    assert answer["replicas"][0]["snapshot_txid"] >= answer["txid"], answer
    checked(api, control, "POST", "/v1/compact", {"database": database})
    assert checked(api, control, "POST", "/v1/pause", {"database": database})["state"] == "paused"
    checked(api, control, "GET", "/v1/status?database=" + database)
    assert ask(control, "POST", "/v1/sync", {"database": database})[0] == 503
    checked(api, control, "POST", "/v1/resume", {"database": database})
    other = os.path.join(folder, "other.db")
    answer = checked(api, control, "POST", "/v1/register", {"database": other, "replicas": [f"file://{folder}/other"]})
    assert answer["added"] == [other], answer
    assert checked(api, control, "POST", "/v1/unregister", {"database": other})["removed"] == [other]
    checked(api, control, "POST", "/v1/reload")
    checked(api, control, "POST", "/v1/log-level", {"level": "warn"})
    for resource in ("/v1/sync", "/v1/stop"):
        assert ask(waits, "POST", resource, {})[0] == 404, resource
    status, answer = ask(control, "POST", "/v1/log-level", {"level": "loud"})
    assert status == 400 and not complaints(api, api["components"]["schemas"]["Error"], answer, "error"), answer
    assert checked(api, control, "POST", "/v1/stop", {"merge": False})["exit_code"] == 0
    assert installation.daemon.wait() == 0


if __name__ == "__main__":
    case.run(globals())
