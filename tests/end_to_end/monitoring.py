"""What lies in packaging/monitoring fits the daemon: each metric that is named there exists, and each is in the manual."""
import json
import os
import re
import shutil
import subprocess

from harness import case, web
from end_to_end.installed import replicated

FOLDER = os.path.join(os.environ["SOURCE"], "packaging", "monitoring")
RULES = os.path.join(FOLDER, "streamd.rules.yml")
METRIC = re.compile(r"\b(?:streamd|process)_[a-z0-9_]+\b")


def read(path):
    with open(path, encoding="utf-8") as content:
        return content.read()


def named_in_rules():
    return {name for line in read(RULES).splitlines() if line.strip().startswith("expr:") for name in METRIC.findall(line)}


def named_in_dashboard():
    dashboard = json.loads(read(os.path.join(FOLDER, "streamd-dashboard.json")))
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    expressions += [variable["query"] for variable in dashboard["templating"]["list"]]
    assert len(expressions) > 15
    return {name for expression in expressions for name in METRIC.findall(expression)}


def test_every_metric_that_is_named_exists(folder):
    installation, writer = replicated(folder, streamd=web.ANY_PORT)
    installation.start()
    writer.transactions(2)
    installation.sync(installation.databases[0])
    body = web.get(web.address_of(installation) + "/metrics")[2]
    families = set(re.findall(r"^# TYPE (\S+)", body, re.MULTILINE))
    exposed = families | {name for name, _ in web.samples(body)}
    named = named_in_rules() | named_in_dashboard()
    assert len(named) > 15 and not named - exposed, named - exposed
    manual = set(METRIC.findall(read(os.path.join(os.environ["SOURCE"], "docs", "monitoring.md"))))
    assert not families - manual, f"not in docs/monitoring.md: {families - manual}"
    assert not manual - exposed, f"in docs/monitoring.md alone: {manual - exposed}"
    installation.stop()


def test_promtool_accepts_the_rules(_folder):
    promtool = shutil.which("promtool")
    if promtool is None:
        case.skip("promtool is not installed (Debian's package prometheus has it)")
    checked = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


if __name__ == "__main__":
    case.run(globals())
