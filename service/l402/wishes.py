"""Names a wish, so that a credential is good for it alone. Pure.

Of what was understood, and not of the body's bytes: a form has another boundary at each try.
"""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from service.orders.choice import Choice
from service.orders.stage import Stage


def of_text(path: str, text: str, choice: Choice, stage: Stage | None = None) -> str:
    """Name a text, who is to speak it, and where."""
    return _digest(path, choice, stage, text=text.strip())


def of_audio(path: str, wav: Path, choice: Choice, stage: Stage | None = None) -> str:
    """Name a recording, by all of its file, who is to show it, and where."""
    with wav.open("rb") as file:
        return _digest(path, choice, stage, audio=hashlib.file_digest(file, "sha256").hexdigest())


def of_top_up(path: str, seconds: int, account_id: int | None) -> str:
    """Name video time, and whose it will be: None is an account that is made for it."""
    return _hash({"method": "POST", "path": path, "seconds": seconds, "account": account_id})


def _digest(path: str, choice: Choice, stage: Stage | None, **said: str) -> str:
    placed = {} if stage is None else {"stage": stage.wire()}
    return _hash({"method": "POST", "path": path, **choice.named(), **said, **placed})


def _hash(wish: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(wish, order="deterministic")).hexdigest()
