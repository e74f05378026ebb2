"""L402: a macaroon and the preimage of the invoice that it names are the credential. Pure: no clock, no I/O.

By bLIP-26 as it is proposed (lightning/blips#26, and lightninglabs/L402 `protocol-specification.md`), in the forms that
deployed clients read. The macaroon is libmacaroons' binary format, version 2, with first-party caveats alone. Clients
append caveats of their own before they show it, so its signature is computed anew and its text never compared.
"""

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Self

import msgspec

from lightning.errors import MacaroonUnreadable
from lightning.invoice import PaymentHash, Preimage

HASH_BYTES = 32
NONCE_BYTES = 32
ROOT_KEY_BYTES = 32

_IDENTIFIER_VERSION = b"\x00\x00"
_IDENTIFIER_BYTES = 2 + HASH_BYTES + NONCE_BYTES

_GENERATOR = b"macaroons-key-generator"
"""Every macaroon library derives the key of the chain from the root key with it."""

_FORMAT = 2
_END, _LOCATION, _IDENTIFIER, _VERIFICATION, _SIGNATURE = 0, 1, 2, 4, 6
"""Types of the fields of format 2."""

_LONGEST_FIELD = 32_768
_MOST_CAVEATS = 64

_CREDENTIAL = re.compile(
    r"(?:^|,)\s*(?:L402|LSAT) +([\w+/=,-]+):([0-9a-f]{64})(?=\s*(?:,|$))", re.IGNORECASE | re.ASCII
)
"""One in a header: what stands before the colon may be several macaroons with commas between."""


class Identifier(msgspec.Struct, frozen=True):
    """What a macaroon is of: which invoice, and a number that nobody guesses."""

    payment_hash: PaymentHash
    nonce: bytes

    def pack(self) -> bytes:
        """Write it: version 0, big-endian, 66 bytes."""
        return _IDENTIFIER_VERSION + self.payment_hash + self.nonce

    @classmethod
    def unpack(cls, identifier: bytes) -> Self:
        """Read it.

        Raises:
            MacaroonUnreadable: It is of another version, or none.
        """
        if len(identifier) != _IDENTIFIER_BYTES or not identifier.startswith(_IDENTIFIER_VERSION):
            raise MacaroonUnreadable("its identifier is not of version 0")
        return cls(PaymentHash(identifier[2 : 2 + HASH_BYTES]), identifier[2 + HASH_BYTES :])


class Macaroon(msgspec.Struct, frozen=True):
    """What a seller signs, and anyone may narrow."""

    identifier: bytes
    caveats: tuple[bytes, ...]
    signature: bytes

    @classmethod
    def mint(cls, root_key: bytes, identifier: bytes, caveats: Iterable[str]) -> Self:
        """Sign one."""
        conditions = tuple(caveat.encode() for caveat in caveats)
        return cls(identifier, conditions, _signature(root_key, identifier, conditions))

    def is_signed_with(self, root_key: bytes) -> bool:
        """Whether it is ours, with whatever was appended to it; compared in constant time."""
        return hmac.compare_digest(_signature(root_key, self.identifier, self.caveats), self.signature)

    def values(self, condition: str) -> list[str]:
        """Return what each caveat of a condition asks for, `condition=value`: all of them have to hold."""
        prefix = condition.encode() + b"="
        found = [caveat.removeprefix(prefix) for caveat in self.caveats if caveat.startswith(prefix)]
        return [value.decode(errors="replace") for value in found]

    def encode(self) -> str:
        """Write it in standard base64, as clients expect it."""
        caveats = (_field(_IDENTIFIER, caveat) + bytes([_END]) for caveat in self.caveats)
        return b64encode(
            bytes([_FORMAT])
            + _field(_IDENTIFIER, self.identifier)
            + bytes([_END])
            + b"".join(caveats)
            + bytes([_END])
            + _field(_SIGNATURE, self.signature)
        ).decode()

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read one: in either alphabet of base64, with its padding or without.

        Raises:
            MacaroonUnreadable: It is none of format 2, or has a caveat that a third party is to discharge.
        """
        plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
        try:
            data = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except ValueError as error:
            raise MacaroonUnreadable("it is not in base64") from error
        reader = _Reader(data)
        identifier = reader.section()
        if identifier is None:
            raise MacaroonUnreadable("it has no identifier")
        caveats = []
        while (caveat := reader.section()) is not None:
            caveats.append(caveat)
            if len(caveats) > _MOST_CAVEATS:
                raise MacaroonUnreadable("it has too many caveats")
        return cls(identifier, tuple(caveats), reader.signature())


class Credential(msgspec.Struct, frozen=True):
    """A macaroon with the receipt of the very payment that it names. Whether it is ours is not known yet."""

    macaroon: Macaroon
    identifier: Identifier
    preimage: Preimage


def credentials(headers: Iterable[str]) -> Iterator[Credential]:
    """Read the credentials in `Authorization` headers, of either scheme, L402 or LSAT; what is none is passed over.

    Args:
        headers: All of them: some clients send one with each scheme.
    """
    for header in headers:
        for macaroons, proof in _CREDENTIAL.findall(header):
            preimage = Preimage(bytes.fromhex(proof))
            for text in filter(None, macaroons.split(",")):
                try:
                    macaroon = Macaroon.decode(text)
                    identifier = Identifier.unpack(macaroon.identifier)
                except MacaroonUnreadable:
                    continue
                if hmac.compare_digest(sha256(preimage).digest(), identifier.payment_hash):
                    yield Credential(macaroon, identifier, preimage)


def challenge(macaroon: str, invoice: str) -> str:
    """Write the one `WWW-Authenticate` that all known clients read.

    The specification names the macaroon `token`; clients that are older than it look for `macaroon` and then `invoice`
    right after the scheme, with a comma and a space between, and read no header that begins otherwise.
    """
    return f'L402 macaroon="{macaroon}", invoice="{invoice}", version="0", token="{macaroon}"'


def _signature(root_key: bytes, identifier: bytes, caveats: Iterable[bytes]) -> bytes:
    signature = hmac.digest(hmac.digest(_GENERATOR, root_key, "sha256"), identifier, "sha256")
    for caveat in caveats:
        signature = hmac.digest(signature, caveat, "sha256")
    return signature


def _field(kind: int, data: bytes) -> bytes:
    return bytes([kind]) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    """Write seven bits a byte, the lowest first."""
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


class _Reader:
    """Reads format 2, strictly: nothing missing, nothing doubled, nothing after the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        if self._byte() != _FORMAT:
            raise MacaroonUnreadable("it is not of format 2")

    def section(self) -> bytes | None:
        """Read an identifier, of the macaroon or of a caveat, to its end; None where the list of caveats ends."""
        kind = self._byte()
        if kind == _END:
            return None
        if kind == _LOCATION:  # a hint that nobody signs
            self._bytes()
            kind = self._byte()
        if kind != _IDENTIFIER:
            raise MacaroonUnreadable("an identifier is missing")
        identifier = self._bytes()
        kind = self._byte()
        if kind == _VERIFICATION:
            raise MacaroonUnreadable("a third party is to discharge it")
        if kind != _END:
            raise MacaroonUnreadable("its fields are in another order")
        return identifier

    def signature(self) -> bytes:
        """Read the signature, which is the last."""
        if self._byte() != _SIGNATURE or len(signature := self._bytes()) != HASH_BYTES:
            raise MacaroonUnreadable("it has no signature")
        if self._at != len(self._data):
            raise MacaroonUnreadable("something follows its signature")
        return signature

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise MacaroonUnreadable("it ends early")
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self) -> bytes:
        length, shift = 0, 0
        while True:
            byte = self._byte()
            length |= (byte & 0x7F) << shift
            shift += 7
            if length > _LONGEST_FIELD or shift > 21:  # noqa: PLR2004 - three bytes hold the longest
                raise MacaroonUnreadable("a field is too long")
            if byte < 0x80:  # noqa: PLR2004 - the last of a number
                break
        if self._at + length > len(self._data):
            raise MacaroonUnreadable("it ends early")
        self._at += length
        return self._data[self._at - length : self._at]
