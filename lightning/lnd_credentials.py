"""What opens an LND: its certificate and a macaroon, told from anything else. Imports no gRPC."""

import ssl
from pathlib import Path
from typing import TypeAlias

from lightning.errors import CredentialsInvalid

Secret: TypeAlias = bytes | Path
"""What a file held when it was read, or the file itself, which may be renewed."""


def check_credentials(tls_cert: bytes, macaroon: bytes) -> None:
    """Tell a certificate and a macaroon from anything else, without connecting.

    Raises:
        CredentialsInvalid: One of them is no such thing.
    """
    checked_certificate(tls_cert)
    macaroon_hex(macaroon)


def checked_certificate(pem: bytes) -> str:
    """Return a certificate as text. What is none gRPC would take, and then report a node that cannot be reached.

    Raises:
        CredentialsInvalid: It is no PEM.
    """
    try:
        text = pem.decode("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (UnicodeDecodeError, ValueError, ssl.SSLError) as error:
        raise CredentialsInvalid("the TLS certificate is not PEM; LND keeps it in tls.cert") from error
    return text


def macaroon_hex(macaroon: bytes) -> str:
    """Return a macaroon as the hex that LND reads from a call's metadata; it may be that already.

    Raises:
        CredentialsInvalid: It is none.
    """
    text = macaroon.hex()
    if not text.startswith("02"):  # version 2 of the binary format, the only one that LND writes
        text = macaroon.decode("ascii", errors="replace").strip().lower()
        try:
            bytes.fromhex(text)
        except ValueError:
            text = ""
    if not text.startswith("0201"):
        raise CredentialsInvalid("the macaroon is none; LND keeps it in a file ending in .macaroon")
    return text
