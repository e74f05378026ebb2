"""What goes over the wire to wallets, in the names of the LUDs."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from service.routes.http.shapes import Base


class Refusal(Base, frozen=True, kw_only=True):
    """Why not, in words for the payer. Its HTTP status is 200: many wallets read no other."""

    reason: str
    status: Literal["ERROR"] = "ERROR"


class PayRequest(Base, frozen=True, kw_only=True, rename="camel"):
    """What is sold (LUD-06)."""

    callback: Annotated[str, Meta(description="Where the invoice is.")]
    min_sendable: Annotated[
        int, Meta(description="Millisatoshis, always of whole satoshi.", examples=[45000])
    ]
    max_sendable: Annotated[
        int, Meta(description="The same where there is one price; for a top-up, the most.", examples=[45000])
    ]
    metadata: Annotated[str, Meta(description="What is bought, as JSON; the invoice commits to these bytes.")]
    tag: Literal["payRequest"] = "payRequest"


class SuccessAction(Base, frozen=True, kw_only=True):
    """What a wallet shows once it has paid (LUD-09)."""

    tag: Literal["url", "message"]
    description: str | msgspec.UnsetType = msgspec.UNSET
    url: str | msgspec.UnsetType = msgspec.UNSET
    message: str | msgspec.UnsetType = msgspec.UNSET


class PayAnswer(Base, frozen=True, kw_only=True, rename="camel"):
    """The invoice (LUD-06, LUD-09, LUD-21)."""

    pr: Annotated[
        str, Meta(description="The invoice of the quote, or of the top-up.", examples=["lnbc450n1p3..."])
    ]
    routes: list[str]
    success_action: SuccessAction
    verify: (
        Annotated[str, Meta(description="Tells whether it is paid; left out of a top-up.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    disposable: Annotated[bool, Meta(description="Whether a wallet should keep the LNURL (LUD-11).")] = True


class VerifyAnswer(Base, frozen=True, kw_only=True):
    """Whether the invoice is paid (LUD-21)."""

    settled: bool
    preimage: Annotated[str | None, Meta(description="The receipt, once it is paid; hex.")]
    pr: Annotated[str, Meta(examples=["lnbc450n1p3..."])]
    status: Literal["OK"] = "OK"
