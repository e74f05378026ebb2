"""Programs that others wrote buy by L402: over two Lightning nodes, without knowing anything of us."""

import base64
import io
import json
import wave

import httpx
import pytest
from l402_requests import AsyncL402Client, BudgetController
from l402_requests.wallets import WalletBase

from tests.regtest import clients

pytestmark = pytest.mark.regtest

WISH = {"text": "Bought by an agent.", "avatar": "european_woman", "emotion": "happy"}


class LndWallet(WalletBase):  # type: ignore[misc]  # it has no types
    """A wallet over the buyer's node."""

    def __init__(self, node) -> None:
        self._node = node
        self.paid: list[str] = []

    async def pay_invoice(self, bolt11: str) -> str:
        self.paid.append(bolt11)
        return (await self._node.pay(bolt11)).preimage.hex()


@pytest.fixture(scope="module")
async def shop(open_shop, hire_scripted):
    return await open_shop(await hire_scripted())


def silence(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16000)
        writer.writeframes(bytes(2 * round(seconds * 16000)))
    return file.getvalue()


async def test_a_javascript_client_pays_and_gets_what_it_paid_for(shop, payer):
    wallet = LndWallet(payer)
    wav = base64.b64encode(silence(1.92)).decode()

    report = json.loads(await clients.run("l402.mjs", pay=wallet.pay_invoice, SHOP=shop.url, WAV=wav))

    bought, again, other, audio = (report[name] for name in ("bought", "again", "other", "audio"))
    assert (bought["status"], bought["type"], bought["payments"]) == (200, "video/mp4", 1)
    assert again == bought, "the credential opens the same video, and nothing is paid"
    assert report["narrowed"] == {**bought, "payments": 2}
    assert (other["status"], other["payments"]) == (402, 1)
    assert (audio["status"], audio["type"], audio["payments"]) == (200, "video/mp4", 2)
    assert audio["sha256"] != bought["sha256"]
    assert report["capped"]["interrupted"]
    assert report["capped"]["payments"] == 2
    assert len(wallet.paid) == 2


async def test_a_python_client_pays_once_and_goes_on_with_its_credential(shop, payer):
    wallet = LndWallet(payer)
    budget = BudgetController(max_sats_per_request=1000)
    async with AsyncL402Client(wallet=wallet, budget=budget, timeout=60) as client:
        first = await client.post(f"{shop.url}/l402/video", json=WISH)
        again = await client.post(f"{shop.url}/l402/video", json=WISH)
        other = await client.post(f"{shop.url}/l402/video", json={**WISH, "text": "Another one."})

    assert [answer.status_code for answer in (first, again, other)] == [200] * 3
    assert first.content == again.content != other.content
    assert len(wallet.paid) == 2
    assert client.spending_log.total_spent() > 0


async def test_a_tool_that_reads_text_gets_a_link(shop, payer):
    wallet = LndWallet(payer)
    async with AsyncL402Client(wallet=wallet, timeout=60) as client:
        answer = await client.post(f"{shop.url}/l402/video?link=true", json={**WISH, "text": "A link."})

    async with httpx.AsyncClient() as http:
        video = await http.get(answer.json()["video_url"])
    assert video.headers["Content-Type"] == "video/mp4"
    assert len(wallet.paid) == 1
