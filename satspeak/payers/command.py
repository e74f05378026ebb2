"""Pays by running a program of yours, which is told the invoice."""

import asyncio
import re
import shlex
from collections.abc import Sequence
from hashlib import sha256

from satspeak.payers.errors import OutcomeUnknown, WalletUnusable
from satspeak.payers.port import Bill, Receipt

PLACE = "{invoice}"

PATIENCE_S = 120.0

_HASH_LIKE = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")

_LAST_BYTES = 300


class CommandPayer:
    """A `Payer` that runs a program, without a shell.

    Ending with 0 says that the invoice was paid. Any other status says nothing: a program that was killed may have
    paid. A preimage is found in what it prints, wherever that stands.

    Args:
        command: Words, in one or more of which `{invoice}` stands.

    Raises:
        WalletUnusable: The command has no place for the invoice, or cannot be read.
    """

    name = "the command"
    bounds_fees = False

    def __init__(self, command: str) -> None:
        try:
            self._words: Sequence[str] = shlex.split(command)
        except ValueError as error:
            raise WalletUnusable(f"The command cannot be read: {error}") from error
        if not any(PLACE in word for word in self._words):
            raise WalletUnusable(f"The command has no {PLACE} in it.")

    async def pay(self, bill: Bill) -> Receipt:
        """Run it, and wait for its end."""
        words = [word.replace(PLACE, bill.invoice) for word in self._words]
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.DEVNULL,  # nobody is asked
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            raise WalletUnusable(f"{words[0]} cannot be run: {error.strerror}.") from error
        try:
            async with asyncio.timeout(PATIENCE_S):
                printed, _ = await process.communicate()
        except TimeoutError as error:
            raise OutcomeUnknown(f"{words[0]} does not come to an end.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        said = printed.decode(errors="replace")
        if process.returncode:
            last = said.strip()[-_LAST_BYTES:].rstrip(".") or "it printed nothing"
            raise OutcomeUnknown(f"{words[0]} ended with {process.returncode}: {last}.")
        return Receipt(preimage=_preimage(bill, said), amount_msat=bill.amount_msat, fee_msat=None)

    async def outcome(self, bill: Bill) -> Receipt:
        """Tell nothing: to run it would pay."""
        raise OutcomeUnknown(f"{self._words[0]} tells nothing of {bill.invoice[:20]}…")

    async def aclose(self) -> None:
        """Nothing is kept."""


def _preimage(bill: Bill, said: str) -> bytes | None:
    """Find what hashes to the payment hash among all that looks like it."""
    for found in _HASH_LIKE.findall(said):
        if sha256(bytes.fromhex(found)).digest() == bill.payment_hash:
            return bytes.fromhex(found)
    return None
