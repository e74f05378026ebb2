"""A plain poll has an answer of its own, which is the one that Litestar's way gives, and all else goes that way."""

import socket
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES, MANY_EXAMPLES = 300, 5000

NOT_PLAIN = "?nobody=asks"
"""Means nothing to the service, and so has to change nothing."""

METHODS = ("GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE", "PROPFIND")

HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Claim-Token",
            "Authorization",
            "Accept",
            "If-None-Match",
            "Range",
            "Cookie",
            "X-Forwarded-For",
            "X-Request-Id",
        ]
    ),
    st.sampled_from(
        ["", "*", "Bearer wrong", "image/png", "bytes=0-1", "a=b", "127.0.0.1", "\xff", "\t;,=", "x" * 300]
    ),
    max_size=3,
)


class Answer(NamedTuple):
    """What came back, but what is another each time."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Line:
    """A connection that sends any method, path and header, fit or not, as HTTP clients would not."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=30)
        self._file = self._socket.makefile("rb")

    def ask(self, method: str, target: str, headers: dict[str, str]) -> Answer:
        lines = [
            f"{method} {target} HTTP/1.1",
            "Host: shop",
            *(f"{name}: {headers[name]}" for name in headers),
        ]
        self._socket.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1"))
        status = self._file.readline().decode()
        fields = []
        while line := self._file.readline().decode("latin-1").strip():
            name, _, value = line.partition(": ")
            fields.append((name, value))
        length = int(dict(fields).get("content-length", 0))
        body = b"" if method == "HEAD" else self._file.read(length)
        return Answer(status, [field for field in fields if field[0] not in ("date", "x-request-id")], body)

    def close(self) -> None:
        self._file.close()
        self._socket.close()


@pytest.fixture(scope="module")
def line(known):
    line = Line(known["url"])
    yield line
    line.close()


def spellings(invoice: str) -> st.SearchStrategy[str]:
    """Ways to write an invoice in a path, some of which name it."""
    return st.sampled_from(
        [
            invoice, invoice.upper(), f"lightning:{invoice}", f"LIGHTNING:{invoice.upper()}", f"%20{invoice}%09",
            f"lightning%3A{invoice}", f"/{invoice}", f"{invoice}/", f"{invoice}//", f"{invoice}/x", invoice[:-1],
            f"{invoice}x", f"{invoice}%00", f"{invoice}%2F", f"{invoice};a=b",
            "".join(f"%{ord(each):x}" for each in invoice),
        ]
    )  # fmt: skip


def test_it_is_answered_like_any_other(known, line, full):
    invoices = st.sampled_from([*known["invoices"], known["private"]]).flatmap(spellings)
    anything = st.text(max_size=40).map(lambda text: quote(text, safe=":@!$&'()*+,;=~"))

    @given(method=st.sampled_from(METHODS), invoice=invoices | anything, headers=HEADERS)
    @settings(
        max_examples=MANY_EXAMPLES if full else EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    def ask(method: str, invoice: str, headers: dict[str, str]) -> None:
        path = f"/lightning/payment/{invoice}"

        assert line.ask(method, path + NOT_PLAIN, headers) == line.ask(method, path, headers)

    ask()


def test_each_state_is_told(known, line):
    told = [line.ask("GET", f"/lightning/payment/{invoice}", {}) for invoice in known["invoices"]]
    slowly = [
        line.ask("GET", f"/lightning/payment/{invoice}{NOT_PLAIN}", {}) for invoice in known["invoices"]
    ]

    assert slowly == told
    assert {"200", "404"} == {answer.status.split(" ")[1] for answer in told}  # a top-up is no order
