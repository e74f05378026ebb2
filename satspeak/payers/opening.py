"""Finds the wallet that somebody names in a word or two, and builds it.

Secrets may stand in the environment, which no list of processes shows: `SATSPEAK_PAY` holds what would be said by hand.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from satspeak.payers.errors import WalletUnusable
from satspeak.payers.port import Wallet

WALLETS = "lnd, phoenixd, nostr+walletconnect://… or a command with {invoice} in it"


def open_payer(wallet: str, environment: Mapping[str, str]) -> Wallet:
    """Build a wallet, inside the event loop that uses it.

    Args:
        wallet: `lnd`, `phoenixd`, `nostr+walletconnect://…` (or `nwc://…`), or a command with `{invoice}` in it.
        environment: Where an LND or a phoenixd is, and what opens it: `SATSPEAK_PAYER_LND_ADDRESS` (`https://…` is
            LND's REST, anything else its gRPC), `SATSPEAK_PAYER_LND_TLS_CERT` and `SATSPEAK_PAYER_LND_MACAROON`,
            `SATSPEAK_PAYER_PHOENIXD_URL` and `SATSPEAK_PAYER_PHOENIXD_PASSWORD`.

    Raises:
        WalletUnusable: It is none that we know, or something that opens it is missing.
    """
    # Each is imported when it is asked for: nobody needs gRPC to run a command.
    if wallet == "lnd":
        _require("bolt11")
        return _lnd(environment)
    if wallet == "phoenixd":
        _require("bolt11")
        from satspeak.payers.phoenixd import USUAL_URL, PhoenixdPayer, configured_password  # noqa: PLC0415

        return PhoenixdPayer(
            environment.get("SATSPEAK_PAYER_PHOENIXD_URL") or USUAL_URL,
            environment.get("SATSPEAK_PAYER_PHOENIXD_PASSWORD") or configured_password(),
        )
    if wallet.startswith(("nostr+walletconnect://", "nwc://")):
        _require("bolt11", "nostr_sdk")
        from satspeak.payers.nwc import NwcPayer  # noqa: PLC0415

        return NwcPayer(wallet)
    if "{invoice}" in wallet:
        _require("bolt11")
        from satspeak.payers.command import CommandPayer  # noqa: PLC0415

        return CommandPayer(wallet)
    raise WalletUnusable(f"No such wallet: say {WALLETS}.")


def _lnd(environment: Mapping[str, str]) -> Wallet:
    address = environment.get("SATSPEAK_PAYER_LND_ADDRESS") or "127.0.0.1:10009"
    named = environment.get("SATSPEAK_PAYER_LND_TLS_CERT")
    certificate = Path(named or "~/.lnd/tls.cert").expanduser()
    macaroon = environment.get("SATSPEAK_PAYER_LND_MACAROON")
    if not macaroon:
        raise WalletUnusable(
            "Name a macaroon of your LND that may pay: --lnd-macaroon or SATSPEAK_PAYER_LND_MACAROON."
        )
    if address.startswith("https://"):
        from satspeak.payers.lnd_rest import LndRestPayer  # noqa: PLC0415

        # A host's or a proxy's certificate is signed by somebody whom the system trusts.
        own = certificate if named or certificate.exists() else None
        return LndRestPayer(address, own, Path(macaroon).expanduser())
    _require("lndgrpc")
    from satspeak.payers.lnd import LndPayer  # noqa: PLC0415

    return LndPayer(address, certificate, Path(macaroon).expanduser())


def _require(*libraries: str) -> None:
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            raise WalletUnusable("What pays is not installed: pip install 'satspeak[wallet]'.")
