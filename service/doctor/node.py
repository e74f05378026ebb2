"""Looks at the Lightning node: is it there, may we what we need and no more, and can anybody pay it."""

from lightning import InvoiceBackend, LightningError, Msat, NodeRefused, NodeUnavailable
from service.doctor.finding import Finding, failed, ok, warning

NEEDED = frozenset({"invoices:read", "invoices:write", "offchain:read", "info:read"})
"""What selling takes."""

REFUNDING = frozenset({"uri:/routerrpc.Router/SendPaymentV2", "uri:/routerrpc.Router/TrackPaymentV2"})
"""What giving money back takes, beside what the seller's macaroon has."""

_SPENDING = frozenset(
    {
        *("offchain:write", "onchain:write", "macaroon:generate", "macaroon:write", "signer:generate"),
        *REFUNDING,
    }
)
"""What moves money, or makes what may."""

BAKE = f"lncli bakemacaroon {' '.join(sorted(NEEDED))} --save_to seller.macaroon"
BAKE_REFUNDING = f"lncli bakemacaroon {' '.join(sorted(REFUNDING))} --save_to refunds.macaroon"


async def node(backend: InvoiceBackend) -> Finding:
    """Ask the node who it is."""
    try:
        info = await backend.ping()
    except NodeUnavailable as error:
        return failed(
            "node",
            f"LND does not answer: {error}",
            "Start it and unlock its wallet (lncli unlock), or set SATSPEAK_LND_ADDRESS to where its gRPC listens.",
        )
    except NodeRefused as error:
        return failed(
            "node",
            f"LND lets us not in: {error}",
            "Set SATSPEAK_LND_TLS_CERT to its own tls.cert, and SATSPEAK_LND_MACAROON to a macaroon of this node.",
        )
    except LightningError as error:
        return failed("node", f"LND answers with an error: {error}", "Look into LND's log.")
    about = f"{info.alias or info.pubkey[:16]} on {info.network}, block {info.height}"
    if not info.synced:
        return warning(
            "node",
            f"{about}, behind the chain",
            "Wait until it is in step (lncli getinfo), or look whether its chain backend runs.",
        )
    return ok("node", about)


def macaroon(rights: frozenset[str]) -> Finding:
    """Compare what the seller's macaroon may do with what selling takes."""
    if missing := NEEDED - rights:
        return failed("macaroon", f"It may not {', '.join(sorted(missing))}", f"Bake another: {BAKE}")
    if spending := rights & _SPENDING:
        return failed(
            "macaroon",
            f"It may move money: {', '.join(sorted(spending))}",
            f"Whoever breaks into this machine has it. Bake one that may not: {BAKE}",
        )
    if more := rights - NEEDED:
        return warning(
            "macaroon", f"It may more than it needs: {', '.join(sorted(more))}", f"Bake another: {BAKE}"
        )
    return ok("macaroon", "It may sell, and nothing else")


def refund_macaroon(rights: frozenset[str] | None) -> Finding:
    """Compare what the other macaroon may do with what refunds take; None where there is none."""
    name = "refund macaroon"
    if rights is None:
        return warning(
            name,
            "There is none: what buyers are due is paid by hand (satspeak owed)",
            f"If your node should pay it: {BAKE_REFUNDING}, and name it in SATSPEAK_LND_REFUND_MACAROON.",
        )
    if not (rights >= REFUNDING or "offchain:write" in rights):
        missing = ", ".join(sorted(REFUNDING - rights))
        return failed(name, f"It may not {missing}", f"Bake another: {BAKE_REFUNDING}")
    if more := rights - REFUNDING:
        return warning(
            name, f"It may more than it needs: {', '.join(sorted(more))}", f"Bake another: {BAKE_REFUNDING}"
        )
    return ok(name, "It may give money back, and nothing else")


async def liquidity(backend: InvoiceBackend, *, minute_sat: int | None, route_hints: bool) -> list[Finding]:
    """Ask how much the node can receive.

    Args:
        backend: The node.
        minute_sat: What a minute of video costs; None where there is no price.
        route_hints: Whether invoices tell of private channels.
    """
    name = "inbound liquidity"
    try:
        inbound, hidden = await backend.inbound_msat(), await backend.has_only_private_channels()
    except LightningError as error:
        return [failed(name, f"LND does not say: {error}", "See what is said of the node and the macaroon.")]
    if inbound < Msat(1000):
        return [
            failed(
                name,
                "The channels can receive nothing, so nobody can pay",
                "Open a channel and spend from it, or have one opened to you: buy inbound liquidity.",
            )
        ]
    can = f"The channels can receive {inbound // 1000:,} sat"
    found = [ok(name, can)]
    if minute_sat is not None and inbound // 1000 < minute_sat:
        found = [
            warning(name, f"{can}; a minute costs {minute_sat:,}", "Have a larger channel opened to you.")
        ]
    if hidden and not route_hints:
        found.append(
            failed(
                "route hints",
                "All channels are private, and invoices do not tell of them, so nobody finds the way",
                "Set SATSPEAK_LND_ROUTE_HINTS=true, or open a public channel.",
            )
        )
    return found
