"""A wallet library that others wrote pays a quote by its LNURL, over two Lightning nodes."""

import json

import httpx
import pytest

from regtest.process import until
from tests.regtest import clients

pytestmark = pytest.mark.regtest


@pytest.fixture(scope="module")
async def shop(open_shop, hire_scripted):
    return await open_shop(await hire_scripted(), public=True)


@pytest.mark.parametrize("hold", [False, True])
async def test_a_wallet_library_pays_by_lnurl_and_verifies(shop, payer, hold):
    wish = {"text": "Paid by LNURL.", "avatar": "european_woman", "emotion": "happy", "language": "en"}
    async with httpx.AsyncClient(base_url=shop.url, timeout=60) as http:
        asked = await http.post("/lightning/request-video/text", json={**wish, "hold": hold})
        quote = asked.json()
        found = json.loads(await clients.run("lnurl.mjs", LNURL=quote["lnurl"]))

        paid = await payer.pay(found["invoice"])

        async def settled():
            told = (await http.get(found["verify"])).json()
            return told["settled"] and told

        told = await until("the payment to be verified", settled, timeout_s=30)

    assert found["invoice"] == quote["bolt11_invoice"]
    assert found["hasValidAmount"]
    assert found["hasValidDescriptionHash"]
    assert found["min"] == found["max"] == quote["amount"]
    assert found["description"].startswith("Talking-head video")
    assert found["successAction"]["url"].endswith(f"/video/{quote['bolt11_invoice']}")
    assert told["preimage"] == paid.preimage.hex()
