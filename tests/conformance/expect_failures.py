#!/usr/bin/python3
"""expect_failures.py CHECK DRIVER NAME...: each of these checks must fail on this driver, and a check
that has nothing to do with the fault must pass."""
import json
import subprocess
import sys
import tempfile

suite, driver, expected = sys.argv[1], sys.argv[2], sys.argv[3:]
selected = [word for name in expected + ["basic.one-byte", "process.callbacks"] for word in ("--only", name)]
with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
    done = subprocess.run(
        [suite, "--json", "--objects", "300", *selected, driver, config.name],
        stdout=subprocess.PIPE, timeout=250)
report = json.loads(done.stdout)
outcomes = {check["name"]: check for check in report["checks"]}
wrong = [f"{name}: {outcomes[name]['outcome']}, expected it to fail"
         for name in expected if outcomes[name]["outcome"] != "fail"]
if outcomes["basic.one-byte"]["outcome"] != "pass":
    wrong.append("basic.one-byte did not pass: the driver is more broken than it should be")
if done.returncode != 1:
    wrong.append(f"exit code {done.returncode}, expected 1")
for name in expected:
    print(f"{name}: {outcomes[name]['text']}")
sys.exit("\n".join(wrong) or 0)
