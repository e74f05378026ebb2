"""LNURL's words are what its specifications show."""

import json
from hashlib import sha256

import bech32
import pytest

from lightning.lnurl import description_hash, encode, metadata


def test_an_address_is_encoded_as_the_specification_shows():
    url = "https://service.com/api?q=3fc3645b439ce8e7f2553a69e5267081d96dcd340693afabe04be7b0ccd178df"
    encoded = (
        "LNURL1DP68GURN8GHJ7UM9WFMXJCM99E3K7MF0V9CXJ0M385EKVCENXC6R2C35XVUKXEFCV5MKVV34X5EKZD3EV56NYD3HXQURZEPEXEJXXEPNXSCR"
        "VWFNV9NXZCN9XQ6XYEFHVGCXXCMYXYMNSERXFQ5FNS"
    )

    assert encode(url).upper() == encoded


@pytest.mark.parametrize("url", ["https://é.example/x", "http://127.0.0.1:8010/lnurlp/" + "a" * 200])
def test_an_address_of_any_length_is_read_again(url):
    data = encode(url).removeprefix("lnurl1")
    numbers = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(each) for each in data[:-6]]

    assert bytes(bech32.convertbits(numbers, 5, 8, False) or ()).decode() == url


def test_an_invoice_commits_to_the_bytes_of_the_metadata():
    written = metadata('A "video", 1.9 s é', identifier="abc@video.example.org")

    assert json.loads(written) == [
        ["text/plain", 'A "video", 1.9 s é'],
        ["text/identifier", "abc@video.example.org"],
    ]
    assert description_hash(written) == sha256(written.encode()).digest()
    assert json.loads(metadata("x", identifier=None)) == [["text/plain", "x"]]
