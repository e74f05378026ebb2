"""Makes `_sync.py` of `_async.py`: `python -m satspeak.client.generate`. Needs ruff, as whoever changes it has.

The two differ in a few words alone, so whoever mends one has mended both; a test holds that this was run.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent

NOTE = '"""The client that keeps its thread while it waits. Made of `_async` by `generate`: change that."""'

WORDS = {
    "AsyncClient": "Client",
    "AsyncGenerator": "Generator",
    "Client": "SyncClient",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "_async_io": "_sync_io",
    "aclose": "close",
    "aclosing": "closing",
    "aiter_lines": "iter_lines",
    "aiter_raw": "iter_raw",
    "aread": "read",
}

_ANY = re.compile(r"\b(?:async |await )|\b(?:" + "|".join(map(re.escape, WORDS)) + r")\b")


def synchronous(source: str) -> str:
    """Say the same without `async` and `await`, as ruff formats it."""
    words = _ANY.sub(lambda found: WORDS.get(found[0], ""), source)
    body = NOTE + words[words.index('"""', 3) + 3 :]
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format"]):
        made = subprocess.run(  # noqa: S603 - our own words
            [*ruff, *command, "--stdin-filename", str(HERE / "_sync.py"), "-"],
            input=body,
            capture_output=True,
            text=True,
            check=True,
        )
        body = made.stdout
    return body


if __name__ == "__main__":
    (HERE / "_sync.py").write_text(synchronous((HERE / "_async.py").read_text()))
