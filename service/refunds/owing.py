"""What buyers are due, and what the operator has to do about it: the same for the desk and for `satspeak owed`."""

from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from lightning import Msat
from service.refunds.refund import Debt, Ledger, Refund, RefundState, Unasked


class Step(Enum):
    """Who has to do something for a debt to end."""

    OWED = "owed"  # the operator: pay the buyer's invoice by hand, and note it
    PAYING = "paying"  # nobody: our node is at it
    FAILED = "failed"  # the buyer: there is no invoice to pay, or none any more
    UNASKED = "unasked"  # the buyer: the video is made as soon as somebody asks for it


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What one buyer is due."""

    order_id: int
    step: Step
    amount_msat: int  # of the refund, where one is bound; else what was paid
    paid_at: datetime
    refund: Refund | None


class Owed(msgspec.Struct, frozen=True, kw_only=True):
    """All that is due, the oldest first, and where all the money is."""

    due: list[Due]
    ledger: Ledger
    unasked_msat: int

    @property
    def kept_msat(self) -> int:
        """What is left of all that was received."""
        return self.ledger.received_msat - self.ledger.refunded_msat - self.ledger.fees_msat


class Debts(Protocol):
    """Keeps what is due."""

    async def debts(self) -> list[Debt]:
        """Return the paid orders that have failed and are not refunded, the oldest first."""
        ...

    async def unasked(self) -> list[Unasked]:
        """Return the paid orders whose video nobody has asked for, the oldest first."""
        ...

    async def ledger(self) -> Ledger:
        """Add the money up."""
        ...


async def look(debts: Debts) -> Owed:
    """Look at all that is due."""
    failed, unasked = await debts.debts(), await debts.unasked()
    due = [
        *(_of_debt(debt) for debt in failed),
        *(
            Due(
                order_id=each.order_id,
                step=Step.UNASKED,
                amount_msat=each.paid_msat,
                paid_at=each.paid_at,
                refund=None,
            )
            for each in unasked
        ),
    ]
    return Owed(
        due=sorted(due, key=lambda each: (each.paid_at, each.order_id)),
        ledger=await debts.ledger(),
        unasked_msat=sum(each.paid_msat for each in unasked),
    )


def _of_debt(debt: Debt) -> Due:
    refund = debt.refund
    return Due(
        order_id=debt.order_id,
        step=Step.FAILED if refund is None else _STEPS[refund.state],
        amount_msat=debt.paid_msat if refund is None else Msat(refund.amount_msat),
        paid_at=debt.paid_at,
        refund=refund,
    )


_STEPS = {
    RefundState.OWED: Step.OWED,
    RefundState.PAYING: Step.PAYING,
    RefundState.REFUNDED: Step.PAYING,  # between two looks
    RefundState.FAILED: Step.FAILED,
}
