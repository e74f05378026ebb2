"""The tools: what each does, and what it wants. Whatever a shop refuses is told in its own words."""

import base64
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import mcp_types
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

import satspeak
from satspeak.client import SatspeakError, ServiceRefused
from satspeak.mcp import answers
from satspeak.mcp.buying import Buyer, BuyingRefused, Wish
from satspeak.mcp.ledger import LedgerUnusable
from satspeak.mcp.shop import Shop

LONGEST_WAIT_S = 50
"""Clients give up after a minute."""

SMALL_BYTES = 1_000_000
"""A video of at most so many bytes can be in the answer itself: base64 makes a third more of them, and a client may
keep them in its context."""

INSTRUCTIONS = (
    "Makes talking-head videos, paid in bitcoin over Lightning. Choose with list_avatars, ask estimate_video for the"
    " price, then"
)
WITH_WALLET = " buy_video pays for the video from a wallet with a budget; get_video has it."
WITHOUT_WALLET = " quote_video makes an invoice; pay it with a wallet of yours, and get_video has the video."

READS = mcp_types.ToolAnnotations(read_only_hint=True, open_world_hint=True)
CHANGES = mcp_types.ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
PAYS = mcp_types.ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True
)

Text = Annotated[str, Field(description="What the avatar says, word for word.", min_length=1)]
Avatar = Annotated[str, Field(description="Who says it; list_avatars has the names.")]
Emotion = Annotated[str, Field(description="How it looks; list_avatars has the names.")]
Language = Annotated[
    str | None, Field(description="What the text is spoken in, as a code; told from the text if left out.")
]
Voice = Annotated[str | None, Field(description="Whose voice; the shop chooses if it is left out.")]
Invoice = Annotated[str, Field(description="The invoice of the video: `bolt11_invoice`.")]
Wait = Annotated[
    int, Field(description=f"Seconds to wait for news, at most {LONGEST_WAIT_S}.", ge=0, le=LONGEST_WAIT_S)
]


def make_server(shop: Shop, buyer: Buyer | None) -> MCPServer:
    """Make a server of a shop; with a buyer it has the tool that pays, too. It closes neither."""

    @contextlib.asynccontextmanager
    async def lifespan(_server: MCPServer) -> AsyncIterator[None]:
        yield None

    server: MCPServer = MCPServer(
        "satspeak",
        title="Talking-head videos for sats",
        version=satspeak.__version__,
        instructions=INSTRUCTIONS + (WITHOUT_WALLET if buyer is None else WITH_WALLET),
        lifespan=lifespan,
        log_level="WARNING",
    )
    _add_free_tools(server, shop)
    if buyer is not None:
        _add_buying(server, shop, buyer)
    return server


def _add_free_tools(server: MCPServer, shop: Shop) -> None:
    @server.tool(annotations=READS)
    async def list_avatars() -> answers.Catalogue:
        """List the avatars, emotions, languages and voices that a video can have."""
        with _told():
            return await shop.catalogue()

    @server.tool(annotations=READS)
    async def estimate_video(text: Text, language: Language = None) -> answers.Estimate:
        """Tell how long a video of a text would be and what it would cost now. Nothing is bought."""
        with _told():
            options = {} if language is None else {"language": language}
            told = await shop.client.estimate(text, **options)
        return answers.Estimate(
            duration_seconds=told.duration, amount_sats=told.amount, amount_usd=told.amount_usd
        )

    @server.tool(annotations=CHANGES)
    async def quote_video(
        text: Text, avatar: Avatar, emotion: Emotion, language: Language = None, voice: Voice = None
    ) -> answers.Quote:
        """Make a Lightning invoice for a video. Pay it before it expires, then call get_video with it.

        Keep the refund_token, which is told only here: with the preimage of the payment it gets the money back should
        the video fail.
        """
        wish = Wish(text=text, avatar=avatar, emotion=emotion, language=language, voice=voice)
        with _told():
            told = await wish.quote(shop.client)
        return answers.Quote(
            duration_seconds=told.duration,
            amount_sats=told.amount,
            amount_usd=told.amount_usd,
            bolt11_invoice=told.bolt11_invoice,
            expires_at=told.expires_at,
            refund_token=told.refund_token,
        )

    @server.tool(annotations=READS)
    async def payment_status(bolt11_invoice: Invoice, wait_seconds: Wait = 0) -> answers.Status:
        """Tell whether a video is paid (pending, paid, expired, refunded) and how far it is made.

        With wait_seconds it waits until a payment that is pending is something else.
        """
        with _told():
            told = await shop.client.payment(bolt11_invoice, wait_s=wait_seconds)
        return answers.Status(
            bolt11_invoice=told.invoice,
            amount_sats=told.amount_sat,
            payment=told.status,
            video=told.video.state,
            video_seconds=told.video.seconds,
            refund_offered_msat=None if told.refund is None else told.refund.amount_msat,
        )

    @server.tool(annotations=CHANGES)
    async def get_video(
        bolt11_invoice: Invoice,
        include_bytes: Annotated[
            bool,
            Field(
                description=f"Have the MP4 itself in the answer, in base64, if it has at most {SMALL_BYTES:,} bytes."
            ),
        ] = False,
        wait_seconds: Wait = 30,
    ) -> Annotated[mcp_types.CallToolResult, answers.Video]:
        """Have a paid video made, and tell where it is: video_url plays it while it grows, page_url shows it to people.

        Called again it is the same video, made once. Where it is not begun within wait_seconds, call again.
        """
        with _told():
            told = await shop.client.payment(bolt11_invoice, wait_s=wait_seconds)
            if told.status == "pending":
                raise ToolError("It is not paid yet: pay the invoice, then call again.")
            try:
                piece = await shop.begin(
                    bolt11_invoice,
                    wait_s=max(wait_seconds, 1),
                    most_bytes=SMALL_BYTES if include_bytes else 0,
                )
            except TimeoutError as error:
                raise ToolError("Nothing of the video is there yet: call again.") from error
            told = await shop.client.payment(bolt11_invoice)
        included = piece.data if include_bytes and piece.whole and len(piece.data) <= SMALL_BYTES else b""
        video = answers.Video(
            state=told.video.state,
            seconds=told.video.seconds,
            video_url=shop.video_url(bolt11_invoice),
            page_url=shop.page_url(bolt11_invoice),
            captions_url=f"{shop.video_url(bolt11_invoice)}/captions.vtt",
            bytes_included=len(included),
        )
        return _video_result(video, included)

    @server.tool(annotations=CHANGES)
    async def refund(
        bolt11_invoice: Invoice,
        refund_token: Annotated[str, Field(description="What the quote, or buy_video, told.")],
        preimage: Annotated[
            str, Field(description="The receipt of the payment: 64 hex digits.", pattern="^[0-9a-fA-F]{64}$")
        ],
        refund_invoice: Annotated[
            str,
            Field(
                description="An invoice of a wallet of yours, for at most what payment_status offers, or for no amount."
            ),
        ],
    ) -> answers.Refund:
        """Get the money of a video that failed back. Call again with the same while it is on its way."""
        with _told():
            return await shop.refund(
                bolt11_invoice,
                refund_token=refund_token,
                preimage=preimage.lower(),
                refund_invoice=refund_invoice,
            )


def _add_buying(server: MCPServer, shop: Shop, buyer: Buyer) -> None:
    @server.tool(annotations=PAYS)
    async def buy_video(
        text: Text,
        avatar: Avatar,
        emotion: Emotion,
        purchase_id: Annotated[
            str,
            Field(
                description="A name that you make up for this purchase. By one name it is paid once: where an answer is"
                " lost, call again with the same."
            ),
        ],
        language: Language = None,
        voice: Voice = None,
        max_sats: Annotated[
            int | None,
            Field(
                description="Most that it may cost with the fee of the payment; the budget bounds it anyway.",
                ge=1,
            ),
        ] = None,
    ) -> answers.Bought:
        """Buy a video: pays its price from the wallet, within the budget, and tells where it is. Spends real money.

        Then call get_video, which has it made. Keep the refund_token and the preimage for refund.
        """
        wish = Wish(text=text, avatar=avatar, emotion=emotion, language=language, voice=voice)
        with _told():
            bought = await buyer.buy(purchase_id, wish, max_sats=max_sats)
            left = buyer.ledger.budget.per_day - buyer.ledger.spent()
        return answers.Bought(
            purchase_id=purchase_id,
            bolt11_invoice=bought.invoice,
            spent_sats=bought.sats,
            preimage=bought.preimage,
            refund_token=bought.refund_token,
            video_url=shop.video_url(bought.invoice),
            page_url=shop.page_url(bought.invoice),
            left_today_sats=max(left, 0),
        )

    @server.tool(annotations=READS)
    async def budget() -> answers.Spending:
        """Tell how much of the budget is spent today, in UTC, and how much one purchase may cost now."""
        with _told():
            ledger = buyer.ledger
            return answers.Spending(
                budget_per_call_sats=ledger.budget.per_call,
                budget_per_day_sats=ledger.budget.per_day,
                spent_today_sats=ledger.spent(),
                left_for_one_purchase_sats=ledger.left(),
            )


def _video_result(video: answers.Video, data: bytes) -> mcp_types.CallToolResult:
    text = f"{video['state']}, {video['seconds']} s so far: {video['video_url']}"
    content: list[mcp_types.ContentBlock] = [mcp_types.TextContent(type="text", text=text)]
    if data:
        blob = mcp_types.BlobResourceContents(
            uri=video["video_url"], mime_type="video/mp4", blob=base64.b64encode(data).decode()
        )
        content.append(mcp_types.EmbeddedResource(type="resource", resource=blob))
    return mcp_types.CallToolResult(content=content, structured_content=dict(video))


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Tell agents what went wrong, in words; what is nobody's fault but ours stays hidden, as the SDK has it."""
    try:
        yield
    except ServiceRefused as error:
        again = error.retry_after_s
        later = "" if again is None else f" Try again in {again} s."
        raise ToolError(f"The shop refused ({error.status}): {error.detail}{later}") from error
    except BuyingRefused as error:
        raise ToolError(error.reason) from error
    except LedgerUnusable as error:
        raise ToolError("The file of the budget cannot be used.") from error
    except SatspeakError as error:
        raise ToolError(f"The shop does not answer, or broke off: {error}. Try again.") from error
