"""Gives a wish that is sent again the answer that it had, which is paid for once (`Idempotency-Key`).

An answer and what it costs are one transaction: whoever dies, it is kept and paid for, or neither.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import msgspec

from service.errors import KeyReused, KeyTaken, LeaseLost, Unavailable
from service.quotes.idempotency import parse_key
from service.quotes.prepaid_terms import KEY_KEPT
from service.runtime.clock import Clock
from service.studio.answer_port import KeptAnswer, KeptAnswers
from service.studio.charging import MS, Charging
from service.studio.media import Paid

Answer = TypeVar("Answer")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A wish that is answered at once.

    Attributes:
        what: Names it in the ledger.
        account_id: Who pays.
        seconds: Video time that its answer costs; 0 is free.
        asked: All that the answer depends on, as JSON can say it.
        key: What the client calls it, a UUID; None: it is another each time.
    """

    what: str
    account_id: int
    seconds: int
    asked: dict[str, Any]
    key: str | None


class Answers:
    """Answers wishes once. A class since requests with one key at the same time wait for the first."""

    def __init__(self, *, charging: Charging, store: KeptAnswers, now: Clock) -> None:
        self._charging = charging
        self._store = store
        self._now = now
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def once(
        self,
        question: Question,
        kind: type[Answer],
        *,
        check: Callable[[], Awaitable[None]],
        make: Callable[[], Awaitable[Answer]],
    ) -> Answer:
        """Return the answer that this wish had, or make it.

        Args:
            question: What is wished for.
            kind: What an answer is: a struct.
            check: Raises what a wish is refused for, before anything is set aside. Not asked where the key is known.
            make: Answers; what it raises costs nothing, and the key is free again.

        Raises:
            InvalidRequest: The key is no UUID.
            KeyReused: It was used to ask for something else.
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open.
            Unavailable: Another replica answers it just now.
        """
        if question.key is None:
            await check()
            async with self._charging.charged(question.account_id, question.seconds, what=question.what):
                return await make()
        key_hash = hashlib.sha256(f"answer {question.account_id} {parse_key(question.key)}".encode()).digest()
        asked = msgspec.json.encode([question.what, question.asked], order="sorted")
        fingerprint = hashlib.sha256(asked).digest()
        async with self._locks.setdefault(key_hash, asyncio.Lock()):
            while True:
                if (kept := await self._kept(key_hash, fingerprint, kind)) is not None:
                    return kept
                await check()
                with contextlib.suppress(KeyTaken):  # its answer is the one
                    async with self._held(question, key_hash) as paid:
                        # Another replica may have answered since we looked.
                        if (kept := await self._kept(key_hash, fingerprint, kind)) is not None:
                            return kept
                        answer = await make()
                        await self._keep(key_hash, fingerprint, answer, paid)
                        return answer

    async def _kept(self, key_hash: bytes, fingerprint: bytes, kind: type[Answer]) -> Answer | None:
        found = await self._store.of_key(key_hash, self._now())
        if found is None:
            return None
        if found.fingerprint != fingerprint:
            raise KeyReused
        return msgspec.json.decode(found.answer, type=kind)

    @contextlib.asynccontextmanager
    async def _held(self, question: Question, key_hash: bytes) -> AsyncIterator[Paid | None]:
        if not question.seconds:
            yield None
            return
        held_ms = question.seconds * MS
        ref = f"{question.what} {key_hash.hex()[:24]}"
        async with self._charging.held(question.account_id, held_ms, ref=ref) as paid_by:
            yield Paid(ref=paid_by, used_ms=held_ms)

    async def _keep(self, key_hash: bytes, fingerprint: bytes, answer: object, paid: Paid | None) -> None:
        now = self._now()
        kept = KeptAnswer(
            key_hash=key_hash,
            fingerprint=fingerprint,
            answer=msgspec.json.encode(answer).decode(),
            until=now + KEY_KEPT,
        )
        try:
            await self._store.keep(kept, now, paid=paid)
        except LeaseLost as error:
            raise Unavailable("This took too long here, and has cost no video time. Ask again.") from error
