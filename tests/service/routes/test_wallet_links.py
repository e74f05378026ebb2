"""How an invoice gets into a wallet: links, and a QR code."""

import re

import numpy as np
import pytest
import zxingcpp

QUIET_MODULES = 4
PIXELS = 4


async def quoted(shop, **options):
    answer = await shop.http.post("/lightning/request-video/text", json={"text": "Hello there.", **options})
    assert answer.status_code == 200, answer.text
    return answer.json()


def scan(svg: str) -> str:
    """Read a QR code as a phone does: from its pixels."""
    strokes = svg.partition('stroke="#000" d="')[2].partition('"')[0]
    side = int(svg.partition('width="')[2].partition('"')[0])
    image = np.full((side, side), 255, np.uint8)
    x, y = 0.0, 0.0
    for command, arguments in _commands(strokes):
        if command == "M":
            x, y = arguments
        elif command == "m":
            x, y = x + arguments[0], y + arguments[1]
        else:
            top, left, width = round((y - 0.5) * PIXELS), round(x * PIXELS), round(arguments[0] * PIXELS)
            image[top : top + PIXELS, left : left + width] = 0
            x += arguments[0]
    (code,) = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return code.text


def _commands(path: str):
    for command, arguments in re.findall(r"([Mmh])([-\d. ]+)", path):
        yield command, [float(number) for number in re.findall(r"-?[\d.]+", arguments)]


async def test_a_quote_links_to_its_invoice_in_capitals(standing_shop):
    quote = await quoted(standing_shop)

    invoice = quote["bolt11_invoice"].upper()
    assert (f"lightning:{invoice}", f"bitcoin:?lightning={invoice}") == (
        quote["lightning_uri"], quote["bip21_uri"],
    )  # fmt: skip


async def test_the_qr_code_shows_the_link_in_capitals(standing_shop):
    quote = await quoted(standing_shop)

    answer = await standing_shop.http.get(f"/lightning/qr/{quote['bolt11_invoice']}")

    assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (200, "image/svg+xml")
    assert answer.headers["Cache-Control"] == "public, max-age=86400, immutable"
    assert quote["lightning_uri"].upper() == scan(answer.text)


@pytest.mark.parametrize("invoice", ["lnbc1", "lnbcrt450n1" + "q" * 5000, "%00", "lightning:"])
async def test_an_invoice_of_others_gets_no_qr_code(standing_shop, invoice):
    answer = await standing_shop.http.get(f"/lightning/qr/{invoice}")

    assert (answer.status_code, answer.json()["detail"]) == (404, "Payment not found")


async def test_the_link_itself_names_the_invoice(standing_shop):
    quote = await quoted(standing_shop)

    assert (await standing_shop.http.get(f"/lightning/qr/{quote['lightning_uri']}")).status_code == 200
