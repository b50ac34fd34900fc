"""A headless Chromium (Debian's package chromium), driven over a pipe with its DevTools protocol."""
import base64
import json
import os
import shutil
import subprocess
import tempfile

from harness import case
from harness.waiting import wait_until

_HIGH = 64  # descriptors from here on are free in a young process


class Browser:
    """One page. `events` collects what the browser tells by itself."""

    def __init__(self):
        program = shutil.which("chromium")
        if program is None:
            case.skip("no browser: Debian's package chromium is not installed")
        self._profile = tempfile.mkdtemp(prefix="streamd-test-browser-")
        theirs_in, self._out = os.pipe()
        ours_in, theirs_out = os.pipe()
        inherited = [os.dup(theirs_in), os.dup(theirs_out)]

        def as_three_and_four():
            os.dup2(inherited[0], _HIGH)
            os.dup2(inherited[1], _HIGH + 1)
            os.dup2(_HIGH, 3)
            os.dup2(_HIGH + 1, 4)

        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                   "--remote-debugging-pipe", f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(command, preexec_fn=as_three_and_four, close_fds=False, start_new_session=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for descriptor in (theirs_in, theirs_out, *inherited):
            os.close(descriptor)
        self._in = os.fdopen(ours_in, "rb")
        self._number, self._rest, self._session, self.events = 0, b"", None, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")

    def call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _receive(self):
        while b"\0" not in self._rest:
            block = self._in.read1(1 << 20)
            assert block, "the browser ended"
            self._rest += block
        one, self._rest = self._rest.split(b"\0", 1)
        return json.loads(one)

    def evaluate(self, expression):
        """The value of a JavaScript expression; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def open(self, url, width=1280, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        wait_until(lambda: self.evaluate("document.readyState") == "complete", "the page")

    def press(self, key, code, modifiers=0):
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, modifiers=modifiers)

    def screenshot(self, path):
        with open(path, "wb") as output:
            output.write(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def complaints(self):
        """What the page did wrong: exceptions, and errors in the browser's log (a policy that was broken)."""
        return [event["params"] for event in self.events if event.get("method") == "Runtime.exceptionThrown" or
                (event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error")]

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        try:
            os.killpg(self._process.pid, 9)
        except ProcessLookupError:
            pass
        self._process.wait()
        os.close(self._out)
        self._in.close()
        shutil.rmtree(self._profile, ignore_errors=True)
