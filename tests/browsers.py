"""Browsers beside Chromium, where the machine has them: Firefox by WebDriver BiDi, WebKitGTK by WebDriver.

Playwright drives only builds of its own of these two, which no package registry carries. What a test asks of a page
here is small: to go somewhere, and what an expression is.
"""

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import httpx
import websockets

START_S = 30
ANSWER_S = 90

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")
WEBKIT_DRIVER = shutil.which("WebKitWebDriver")
XVFB = shutil.which("Xvfb")
_MINI_BROWSER = next(Path("/usr/lib").glob("*/webkit2gtk-4.*/MiniBrowser"), None)

_PREFERENCES = """
user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
"""


class Page(Protocol):
    """A page of a browser."""

    async def come(self, url: str) -> None:
        """Go there."""
        ...

    async def tell(self, expression: str) -> Any:
        """Say what an expression is, once it is no promise any more."""
        ...

    async def click(self, selector: str) -> None:
        """Click as a person does: a page may then make a sound."""
        ...


class _FirefoxPage:
    def __init__(self, line: websockets.ClientConnection) -> None:
        self._line = line
        self._n = 0
        self._context = ""

    async def begin(self, before: str) -> None:
        await self._ask("session.new", capabilities={})
        await self._ask("script.addPreloadScript", functionDeclaration=f"() => {{ {before} }}")
        tree = await self._ask("browsingContext.getTree")
        self._context = tree["contexts"][0]["context"]

    async def come(self, url: str) -> None:
        await self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    async def tell(self, expression: str) -> Any:
        answer = await self._ask(
            "script.evaluate",
            expression=f"Promise.resolve({expression}).then(told => JSON.stringify(told ?? null))",
            target={"context": self._context},
            awaitPromise=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    async def click(self, selector: str) -> None:
        # A script's click will do: its preferences let every page sound.
        await self.tell(f"document.querySelector({json.dumps(selector)}).click()")

    async def _ask(self, method: str, **params: Any) -> Any:
        self._n += 1
        await self._line.send(json.dumps({"id": self._n, "method": method, "params": params}))
        async with asyncio.timeout(ANSWER_S):
            while (answer := json.loads(await self._line.recv())).get("id") != self._n:
                pass
        assert answer["type"] == "success", answer
        return answer["result"]


class _WebKitPage:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._session = ""

    async def begin(self) -> None:
        options = {"binary": str(_MINI_BROWSER), "args": ["--automation"]}
        wanted = {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}}
        self._session = (await self._ask("/session", **wanted))["sessionId"]

    async def come(self, url: str) -> None:
        await self._ask(f"/session/{self._session}/url", url=url)

    async def tell(self, expression: str) -> Any:
        script = f"const done = arguments[0]; Promise.resolve({expression}).then(told => done(told ?? null))"
        return await self._ask(f"/session/{self._session}/execute/async", script=script, args=[])

    async def click(self, selector: str) -> None:
        session = f"/session/{self._session}"
        [found] = (await self._ask(f"{session}/element", using="css selector", value=selector)).values()
        await self._ask(f"{session}/element/{found}/click")

    async def end(self) -> None:
        await self._http.delete(f"/session/{self._session}")

    async def _ask(self, path: str, **body: Any) -> Any:
        answer = (await self._http.post(path, json=body)).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer


@contextlib.asynccontextmanager
async def firefox(folder: Path, *, before: str = "") -> AsyncIterator[Page]:
    """Open a Firefox that knows nobody yet, and runs a script before any of a page's own."""
    assert FIREFOX
    (folder / "user.js").write_text(_PREFERENCES)
    words = (FIREFOX, "--headless", "--no-remote", "--profile", str(folder), "--remote-debugging-port", "0")
    async with contextlib.AsyncExitStack() as closing:
        found = await closing.enter_async_context(
            _program(words, r"BiDi listening on (ws://\S+)", {"HOME": str(folder)})
        )
        line = await closing.enter_async_context(
            websockets.connect(f"{found}/session", proxy=None, max_size=None)
        )
        page = _FirefoxPage(line)
        await page.begin(before)
        yield page


@contextlib.asynccontextmanager
async def webkit(folder: Path, port: int) -> AsyncIterator[Page]:
    """Open a WebKitGTK that knows nobody yet, on a screen of its own."""
    assert WEBKIT_DRIVER
    assert XVFB
    async with contextlib.AsyncExitStack() as closing:
        screen = await closing.enter_async_context(
            _program((XVFB, "-displayfd", "2", "-screen", "0", "1280x1024x24"), r"^(\d+)$", {})
        )
        environment = {"DISPLAY": f":{screen}", "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        await closing.enter_async_context(_program((WEBKIT_DRIVER, f"--port={port}"), None, environment))
        http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S, trust_env=False)
        await closing.enter_async_context(http)
        page = _WebKitPage(http)
        async with asyncio.timeout(START_S):
            while True:
                with contextlib.suppress(httpx.ConnectError):
                    await http.get("/status")
                    break
                await asyncio.sleep(0.05)
        await page.begin()
        closing.push_async_callback(page.end)
        yield page


@contextlib.asynccontextmanager
async def _program(
    words: tuple[str, ...], ready: str | None, environment: dict[str, str]
) -> AsyncIterator[str]:
    """Run a program; what it says when it is ready, on its standard error."""
    process = await asyncio.create_subprocess_exec(
        *words,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE if ready else asyncio.subprocess.DEVNULL,
    )
    reading: asyncio.Task[bytes] | None = None
    try:
        found = ""
        if ready:
            assert process.stderr
            async with asyncio.timeout(START_S):
                while not found:
                    line = await process.stderr.readline()
                    assert line, f"{words[0]} ended"
                    match = re.search(ready, line.decode().strip())
                    found = match[1] if match else ""
            reading = asyncio.create_task(process.stderr.read())  # so that it never waits to be read
        yield found
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        if reading:
            await reading
