"""Who may call: holders of keys and of JSON Web Tokens, and whoever has a link that one of them was given."""

import secrets
from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from service.accounts.keys import Keys, digest
from service.accounts.port import Accounts, Scope
from service.errors import InvalidApiKey
from service.runtime.clock import Clock
from service.sessions.call_port import Link, Links
from service.sessions.call_terms import CallTerms

HOUSE = "house"

TOKEN_BYTES = 24


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls.

    Attributes:
        account_id: Whose call it is.
        key_id: The key by which it is begun, with which it ends; None: by none.
    """

    account_id: int
    key_id: int | None = None


class Subjects(Protocol):
    """Judges JSON Web Tokens."""

    def subject(self, token: str) -> str | None:
        """Return whom a token is of; None where it is none, or none that is trusted."""
        ...


class Callers:
    """Admits callers.

    Args:
        keys: Judges keys.
        accounts: Whose calls they are.
        links: Keeps tokens of links.
        subjects: Judges JSON Web Tokens; None where none are taken.
        terms: What the operator allows.
        now: The clock.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        accounts: Accounts,
        links: Links,
        subjects: Subjects | None,
        terms: CallTerms,
        now: Clock,
    ) -> None:
        self._keys = keys
        self._accounts = accounts
        self._links = links
        self._subjects = subjects
        self._terms = terms
        self._now = now

    async def account(self, shown: str | None, token: str | None = None) -> int:
        """Tell whose call it is; as `admit`."""
        return (await self.admit(shown, token)).account_id

    async def admit(self, shown: str | None, token: str | None = None) -> Caller:
        """Tell whose call it is, and by which key.

        Args:
            shown: The key or JSON Web Token of a header.
            token: Of a link.

        Raises:
            InvalidApiKey: Neither is good.
            KeyNotAllowed: The key is good for other things.
        """
        if shown is None and token is None and self._terms.call_open:
            house = await self._accounts.named(HOUSE)
            if house is not None:
                return Caller(account_id=house.id)
        if shown is not None and (account_id := await self._of_subject(shown)) is not None:
            return Caller(account_id=account_id)
        if shown is None and token is not None:
            link, key_id = await self._good(token)
            if link.recording is not None:
                raise InvalidApiKey
            return Caller(account_id=link.account_id, key_id=key_id)
        holder = await self._keys.of_account(shown, Scope.VIDEO)
        return Caller(account_id=holder.account_id, key_id=holder.key_id)

    async def link(
        self,
        account_id: int,
        shown: str | None,
        *,
        recording: str | None = None,
        longest: timedelta = timedelta.max,
    ) -> tuple[str, datetime]:
        """Make a token for a link, and tell until when it is good; it never is longer than the key that it is made by.

        Args:
            account_id: Whose calls or recording.
            shown: The key, or JSON Web Token, by which it is asked for.
            recording: The only thing that it opens; None: calls.
            longest: For which it may be good; never longer than the operator allows.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        of_key = shown is not None and await self._of_subject(shown) is None
        link = Link(
            account_id=account_id,
            key=digest(shown) if shown is not None and of_key else None,
            recording=recording,
            until=self._now() + min(longest, timedelta(seconds=self._terms.call_token_s)),
        )
        await self._links.expire(self._now())
        await self._links.add(digest(token), link)
        return token, link.until

    async def recording(self, token: str) -> str | None:
        """Return which recording a token opens; None where it opens calls.

        Raises:
            InvalidApiKey: It is not good.
        """
        link, _ = await self._good(token)
        return link.recording

    async def _good(self, token: str) -> tuple[Link, int | None]:
        link = await self._links.get(digest(token))
        if link is None or link.until <= self._now():
            raise InvalidApiKey
        if link.key is None:
            return link, None
        return link, (await self._keys.check_hash(link.key, Scope.VIDEO)).key_id

    async def _of_subject(self, shown: str) -> int | None:
        subject = None if self._subjects is None else self._subjects.subject(shown)
        account = None if subject is None else await self._accounts.named(subject)
        # Who issues tokens names its own users; none of them is the operator.
        return None if account is None or account.house else account.id
