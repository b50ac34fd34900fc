"""The look for secrets finds what it is there for."""
import base64
import os
import subprocess
import sys
import urllib.parse

from harness import case, secrets
from harness.daemon import run

SECRET = "kJ8/very+secret=value 42"
FORMS = (SECRET, urllib.parse.quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(),
         base64.b64encode(b"user:" + SECRET.encode()).decode(), base64.urlsafe_b64encode(b"a" + SECRET.encode() + b"bc").decode(),
         SECRET.encode().hex())


def write(path, text):
    with open(path, "w", encoding="utf-8") as output:
        output.write(text)


def test_every_form_is_found(folder):
    secrets.register("the key", SECRET)
    for number, form in enumerate(FORMS):
        path = os.path.join(folder, f"{number}.log")
        write(path, "x" * 100_000 + form + "\n")
        assert secrets.leaks(folder) == [f"{number}.log shows the key"], (form, secrets.leaks(folder))
        write(path, "nothing of it")
        assert secrets.leaks(folder) == []


def test_what_the_test_wrote_itself_is_no_leak(folder):
    write(os.path.join(folder, "token"), SECRET + "\n")
    secrets.from_settings({"http-token": "file:" + os.path.join(folder, "token"), "endpoint": "x"}, os.path.join(folder, "toml"))
    write(os.path.join(folder, "toml"), SECRET)
    os.mkdir(os.path.join(folder, "server"))
    write(os.path.join(folder, "server", "users"), SECRET)
    assert secrets.leaks(folder) == ["server/users shows http-token"]
    secrets.allow(os.path.join(folder, "server"))
    assert secrets.leaks(folder) == []


def test_what_is_printed(_folder):
    for words in (["sh", "-c", "echo $AWS_SECRET_ACCESS_KEY"], ["sh", "-c", "echo $AWS_SECRET_ACCESS_KEY >&2"]):
        try:
            run(words, {"AWS_SECRET_ACCESS_KEY": SECRET})
        except AssertionError as found:
            assert "AWS_SECRET_ACCESS_KEY" in str(found) and SECRET not in str(found), found
        else:
            raise AssertionError("it was not seen")


PLANTED = """
import os
from harness import case, secrets
def test_leak(folder):
    secrets.register("a planted key", "0123456789-planted")
    with open(os.path.join(folder, "log"), "w") as output:
        output.write("url=http://x/?key=0123456789-planted")
case.run(globals())
"""


def test_a_planted_leak_fails_the_test(_folder):
    ended = subprocess.run([sys.executable, "-c", PLANTED], capture_output=True, text=True, check=False)
    assert ended.returncode == 1 and "log shows a planted key" in ended.stdout + ended.stderr, ended
    assert "0123456789-planted" not in ended.stdout + ended.stderr, ended


if __name__ == "__main__":
    case.run(globals())
