"""What tests tell the product in confidence, and where it was seen all the same.

The harness registers what it puts into a configuration or into a child's environment. After each test case.py looks into
every file of the test's folder; what a command prints and what a process is called are looked at as they come. A finding
names the file and the secret, never its value.
"""
import base64
import json
import mmap
import os
import re
import stat
import urllib.parse

SETTINGS = ("secret-access-key", "session-token", "application-key", "sse-customer-key", "http-token", "on-event-url",
            "heartbeat-url")
VARIABLES = re.compile(r"(STREAMD|AWS|B2)_\w*(SECRET|TOKEN|APPLICATION_KEY|CUSTOMER_KEY)\w*")
SHORTEST = 10  # a shorter one would be found everywhere

_names = {}       # value -> what it is called
_allowed = set()  # files, and folders with all that is in them


def register(name, value):
    if len(value) >= SHORTEST:
        _names.setdefault(value, name)
    return value


def allow(path):
    """The test itself wrote a secret there, or another program that was told one keeps its things there."""
    _allowed.add(os.path.realpath(path))


def from_settings(settings, where):
    """Registers what of these settings is secret; they were written to `where`."""
    allow(where)
    for key in SETTINGS:
        value = settings.get(key)
        if not isinstance(value, str) or "${" in value or value.startswith("credential:"):
            continue
        if value.startswith("file:"):
            allow(value[5:])
            with open(value[5:], encoding="utf-8") as content:
                value = content.read().strip()
        if key.endswith("-url"):  # who knows the path may write there; the host is no secret
            value = urllib.parse.urlsplit(value).path.lstrip("/")
        register(key, value)


def from_environment(environment):
    for name, value in environment.items():
        if VARIABLES.fullmatch(name):
            register(name, value)


def from_identity(path):
    """The secret keys in a file that streamctl keygen made."""
    allow(path)
    with open(path, encoding="utf-8") as content:
        for key in re.findall(r"streamd-key-\w+", content.read()):
            register("an identity", key)


def forget():
    _names.clear()
    _allowed.clear()


def forms(value):
    """The ways in which it may be written, as bytes."""
    raw = value.encode()
    found = {raw, urllib.parse.quote(value, safe="").encode(), json.dumps(value)[1:-1].encode(), raw.hex().encode()}
    for shift in range(3):  # where it begins within the groups of three bytes
        whole = base64.b64encode(bytes(shift) + raw)
        middle = whole[4 if shift else 0:len(whole) - 4]
        found |= {middle, middle.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def seen_in(content):
    """The names of the secrets in bytes, or in what can be searched like bytes."""
    return sorted({name for value, name in _names.items() if any(content.find(form) >= 0 for form in forms(value))})


def check_text(what, text):
    found = seen_in(text.encode(errors="replace"))
    assert not found, f"{what} shows {', '.join(found)}"


def check_process(pid):
    """How a process and its descendants are called."""
    if not _names:
        return
    for number in [pid, *descendants(pid)]:
        try:
            with open(f"/proc/{number}/cmdline", encoding="utf-8", errors="replace") as words:
                check_text(f"the command line of process {number}", words.read())
        except FileNotFoundError:
            continue  # it has ended


def descendants(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as children:
                for child in map(int, children.read().split()):
                    found += [child, *descendants(child)]
        except FileNotFoundError:
            continue
    return found


def leaks(folder):
    """Sentences about files in `folder` that have a secret and should not."""
    if not _names:
        return []
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if os.path.realpath(os.path.join(place, name)) not in _allowed]
        for name in files:
            path = os.path.join(place, name)
            secrets = [] if os.path.realpath(path) in _allowed else seen_in_file(path)
            found += [f"{os.path.relpath(path, folder)} shows {secret}" for secret in secrets]
    return found


def seen_in_file(path):
    info = os.lstat(path)
    if not stat.S_ISREG(info.st_mode) or info.st_size == 0:
        return []
    with open(path, "rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return seen_in(mapped)
