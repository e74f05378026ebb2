"""What makes a quote one that is paid by L402. Pure."""

import msgspec


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """How an L402 challenge differs from another quote."""

    root_key: bytes  # that its macaroon is signed with
    expiry_s: int  # seconds in which its invoice can be paid
