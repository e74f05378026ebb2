"""What an L402 credential is signed with. Pure."""

import msgspec


class RootKey(msgspec.Struct, frozen=True, kw_only=True):
    """The root key of one credential: signatures are computed with it, so it cannot be kept as a hash.

    Nobody finds it who does not have the credential: it is kept by a hash of that one's identifier.
    """

    identifier_hash: bytes  # sha256
    key: bytes
