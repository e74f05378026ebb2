"""Names a wish, so that a credential is good for it alone. Pure.

Of what was understood, and not of the body's bytes: a form has another boundary at each try.
"""

import hashlib
from pathlib import Path

import msgspec

from service.orders.choice import Choice


def of_text(path: str, text: str, choice: Choice) -> str:
    """Name a text, and who is to speak it."""
    return _digest(path, choice, text=text.strip())


def of_audio(path: str, wav: Path, choice: Choice) -> str:
    """Name a recording, by all of its file, and who is to show it."""
    with wav.open("rb") as file:
        return _digest(path, choice, audio=hashlib.file_digest(file, "sha256").hexdigest())


def of_top_up(path: str, seconds: int, account_id: int | None) -> str:
    """Name video time, and whose it will be: None is an account that is made for it."""
    return _hash({"method": "POST", "path": path, "seconds": seconds, "account": account_id})


def _digest(path: str, choice: Choice, **said: str) -> str:
    return _hash({"method": "POST", "path": path, **choice.named(), **said})


def _hash(wish: dict[str, str | int | None]) -> str:
    return hashlib.sha256(msgspec.json.encode(wish, order="deterministic")).hexdigest()
