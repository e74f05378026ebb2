"""Credentials that we mint are read by other libraries, and theirs by us; what is no credential is none."""

from base64 import b64decode, b64encode, urlsafe_b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymacaroons import MACAROON_V2, Verifier
from pymacaroons import Macaroon as Theirs
from pymacaroons.exceptions import MacaroonInvalidSignatureException
from pymacaroons.serializers import BinarySerializer

from lightning import MacaroonUnreadable, PaymentHash
from lightning.l402 import Identifier, Macaroon, challenge, credentials

KEY = bytes(range(32))
PREIMAGE = b"\x07" * 32
IDENTIFIER = Identifier(PaymentHash(sha256(PREIMAGE).digest()), b"\x09" * 32)
CAVEATS = ("satspeak_wish=ab", "satspeak_valid_until=1800000000")


def mint(*caveats: str) -> Macaroon:
    return Macaroon.mint(KEY, IDENTIFIER.pack(), caveats or CAVEATS)


def mint_bytes() -> bytes:
    return b64decode(mint().encode())


def shown(macaroon: str | None = None, scheme: str = "L402", preimage: bytes = PREIMAGE) -> str:
    return f"{scheme} {macaroon or mint().encode()}:{preimage.hex()}"


def test_another_library_verifies_ours():
    theirs = Theirs.deserialize(mint().encode())
    verifier = Verifier()
    for caveat in CAVEATS:
        verifier.satisfy_exact(caveat)

    assert theirs.identifier_bytes == IDENTIFIER.pack()
    assert verifier.verify(theirs, KEY)
    with pytest.raises(MacaroonInvalidSignatureException):
        verifier.verify(theirs, KEY[::-1])


@given(caveats=st.lists(st.text(max_size=300), max_size=8))
def test_we_verify_what_another_library_narrowed(caveats):
    theirs = Theirs.deserialize(mint().encode())
    for caveat in caveats:
        theirs.add_first_party_caveat(caveat)

    ours = Macaroon.decode(theirs.serialize())

    assert ours.is_signed_with(KEY)
    assert not ours.is_signed_with(KEY[::-1])
    assert ours.caveats == tuple(caveat.encode() for caveat in (*CAVEATS, *caveats))
    assert ours.identifier == IDENTIFIER.pack()


def test_we_verify_what_another_library_minted_with_a_location():
    theirs = Theirs(location="elsewhere", identifier=IDENTIFIER.pack(), key=KEY, version=MACAROON_V2)
    theirs.add_first_party_caveat("a=b")

    assert Macaroon.decode(theirs.serialize(serializer=BinarySerializer())).is_signed_with(KEY)


@given(st.data())
def test_a_macaroon_that_was_tampered_with_is_not_signed(data):
    written = bytearray(mint_bytes())
    at = data.draw(st.integers(0, len(written) - 1))
    written[at] ^= data.draw(st.integers(1, 255))

    try:
        macaroon = Macaroon.decode(b64encode(written).decode())
    except MacaroonUnreadable:
        return

    assert not macaroon.is_signed_with(KEY)


def test_a_caveat_that_was_taken_away_leaves_no_signature():
    macaroon = mint()

    assert not Macaroon(macaroon.identifier, macaroon.caveats[:1], macaroon.signature).is_signed_with(KEY)


@given(st.binary(max_size=300))
def test_rubbish_is_unreadable_and_nothing_worse(rubbish):
    with pytest.raises(MacaroonUnreadable):
        Macaroon.decode(b64encode(b"\x03" + rubbish).decode())
    try:
        Macaroon.decode(b64encode(b"\x02" + rubbish).decode())
    except MacaroonUnreadable:
        return


@pytest.mark.parametrize("text", ["", "=", "a", "%%%", "Ag", "é", "AgJC" * 20_000])
def test_what_is_no_macaroon_is_unreadable(text):
    with pytest.raises(MacaroonUnreadable):
        Macaroon.decode(text)


@given(caveats=st.lists(st.text(max_size=300), max_size=8))
def test_what_was_written_is_read_again(caveats):
    macaroon = mint(*caveats)

    assert Macaroon.decode(macaroon.encode()) == macaroon


@pytest.mark.parametrize(
    "headers",
    [
        [shown()],
        [shown(scheme="LSAT")],
        [shown(scheme="l402")],
        [shown().replace("L402 ", "L402   ")],
        [shown()[:-64] + PREIMAGE.hex().upper()],
        [shown(urlsafe_b64encode(mint_bytes()).decode().rstrip("="))],
        ["Bearer something", shown()],
        [shown(scheme="LSAT"), shown()],
        [f"{shown(scheme='LSAT')}, {shown()}"],
        [f"L402 AAAA,{mint().encode()}:{PREIMAGE.hex()}"],
    ],
)
def test_a_credential_is_found_in_whatever_way_clients_show_it(headers):
    found = list(credentials(headers))

    assert found
    assert all(each.macaroon == mint() and each.preimage == PREIMAGE for each in found)
    assert all(each.identifier == IDENTIFIER for each in found)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "L402",
        "Bearer " + mint().encode(),
        shown()[:-1],
        shown() + "00",
        shown(preimage=b"\x08" * 32),
        "L402 " + mint().encode(),
        "xL402 " + shown().removeprefix("L402 "),
        "L402 " + "a" * 60_000,
        "L402 " * 12_000,
        shown(Macaroon.mint(KEY, b"\0\1" + IDENTIFIER.pack()[2:], ()).encode()),
    ],
)
def test_what_is_no_credential_is_passed_over(header):
    assert not list(credentials([header]))


def test_all_values_of_a_condition_are_told():
    macaroon = mint("a=1", "ab=2", "a=3=4", "a")

    assert macaroon.values("a") == ["1", "3=4"]


def test_the_challenge_begins_as_deployed_clients_read_it():
    assert challenge("TQ==", "lnbc1x") == 'L402 macaroon="TQ==", invoice="lnbc1x", version="0", token="TQ=="'
