"""Strings that are no invoice of ours, in every place that takes one: each is turned away and opens nothing."""
# ruff: noqa: E501, RUF001 - invoices are long, and some of them lie

import random
import string
from urllib.parse import quote

import pytest

BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
LONGEST = 12_000  # that fits the head of a request

ELSEWHERE = {
    "mainnet": "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq8rkx3yf5tcsyz3d73gafnh3cax9rn449d9p5uxz9ezhhypd0elx87sjle52x86fux2ypatgddc6k63n7erqz25le42c4u4ecky03ylcqca784w",
    "testnet": "lntb20m1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqhp58yjmdan79s6qqdhdzgynm4zwqd5d7xmw5fk98klysy043l2ahrqsfpp3x9et2e20v6pu37c5d9vax37wxq72un98",
    "signet": "lntbs1pvjluez",
    "LNURL": "lnurl1dp68gurn8ghj7um9wfmxjcm99e3k7mf0v9cxj0m385ekvcenxc6r2c35xvukxefcv5mkvv34x5ekzd3ev56nyd3hxqurzepexejxxepnxscrvwfnv9nxzcn9xq6xyefhvgcxxcmyxymnserxfq5fns",
    "offer": "lno1qcp4256ypqpq86q2pucnq42ngssx2an9wfujqerp0y2pqun4wd68jtn00fkxzcnn9ehhyec6qgqsz83qfwdpl28qqmc78ymlvhmxcsywdk5wrjnj36jryg488qwlrnzyjczlqsp9nyu4phcg6dqhlhzgxagfu7zh3d9re0sqp9ts2yfugvnnm9gxkcnnnkdpa084a6t520h5zhkxsdnghvpukvd43lastpwuh73k29qsy",
    "address": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "old address": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "node": "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798@127.0.0.1:9735",
    "BIP21": "bitcoin:BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ?lightning=LNBC1",
    "hash": "00" * 32,
    "token": "a" * 43,
}

INJECTIONS = [
    "'", "''", "' OR 1=1 --", '" OR ""="', "1; DROP TABLE orders", "%' AND 1=0 UNION SELECT text FROM orders--",
    "lnbc%", "lnbc_", "%", "_", "*", "?", "lnbc\\", "${jndi:ldap://x}", "{{7*7}}", "<script>alert(1)</script>",
    "../../etc/passwd", "..\\..\\windows", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/", "`id`", "$(id)", "|id",
    "lnbc\r\nX-Injected: 1", "lnbc\n", "\x00", "lnbc\x00", "\x7f", "\ufeff", "\u202elnbc", "l\u200bnbc", "ｌｎｂｃ", "ĺnbc",
    "💩", "لn", "0", "-1", "null", "undefined", "true", "[]", "{}", "NaN", "1e999", " ", "\t", "lightning:", "lightning:lightning:",
    "LIGHTNING:LNBC", "lightning://lnbc1", "events", "qr", ".", "..", "...", ";", "#", "&", "=", "+", "%25", "%2e%2e%2f",
]  # fmt: skip


def corpus(ours: str) -> list[str]:
    """Spoil an invoice of ours in every way that we think of, and add what others may send."""
    draw = random.Random(0)
    spoilt = [ours[:cut] for cut in range(1, len(ours), 7)]
    spoilt += [ours[cut:] for cut in range(1, len(ours), 17)]
    for at in range(
        0, len(ours), 5
    ):  # one character another: bech32 finds it, and we compare all of it anyway
        other = draw.choice([letter for letter in BECH32 if letter != ours[at]])
        spoilt.append(ours[:at] + other + ours[at + 1 :])
    spoilt += [ours + tail for tail in ("q", " q", "\x00", "/..", ours, "?", "%00", "\u00a0q", "é")]
    spoilt += [head + ours for head in ("q", "0", "bitcoin:", "lightning:x", "lightning:lightning:")]
    spoilt += ["".join(draw.choices(BECH32, k=size)) for size in (1, 10, 100, 1_000, LONGEST)]
    spoilt += ["lnbcrt" + "".join(draw.choices(string.printable, k=size)) for size in (1, 10, 100, 1_000)]
    spoilt += [ours[::-1], ours.replace("1", "l")]
    return [*spoilt, *ELSEWHERE.values(), *INJECTIONS]


@pytest.fixture
async def strings(standing_shop):
    return corpus(await standing_shop.quote())


async def test_the_corpus_is_large_and_has_nothing_twice(strings):
    assert len(set(strings)) == len(strings) > 200


@pytest.mark.parametrize(
    "path", ["payment/{}", "payment/{}/events", "payment/{}?wait=1", "video/{}", "qr/{}"]
)
async def test_in_a_path_it_is_a_404(standing_shop, strings, path):
    for invoice in strings:
        url = f"{standing_shop.url}/lightning/{path.format(quote(invoice, safe=''))}"
        answer = await standing_shop.http.get(url)

        assert answer.status_code in {400, 404}, invoice
        assert "X-Injected" not in answer.headers
        assert len(answer.content) < 600, invoice


async def test_in_a_body_it_is_a_404(standing_shop, strings):
    for invoice in [*strings, "lnbc" + "q" * 60_000]:
        answer = await standing_shop.video(invoice)

        assert answer.status_code == (400 if "\x00" in invoice else 404), invoice
        assert len(answer.content) < 600, invoice


async def test_nothing_of_it_is_refunded(standing_shop, strings):
    for invoice in strings:
        wish = {
            "bolt11_invoice": invoice, "refund_token": "x", "preimage": "00" * 32, "refund_invoice": invoice,
        }  # fmt: skip
        answer = await standing_shop.http.post("/lightning/refund", json=wish)

        assert answer.status_code == (400 if "\x00" in invoice else 404), invoice
