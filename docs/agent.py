"""An agent that buys a video for itself: it chooses, asks the price, decides, pays and fetches, by tools alone.

There is no language model in it: what one would decide is decided by a few lines. Run it as

    SATSPEAK_URL=https://video.example.org SATSPEAK_PAY=lnd ... python docs/agent.py "What it says."

It starts `satspeak mcp`, which holds the wallet: the agent never sees it, and cannot spend more than the budget.
"""

import asyncio
import base64
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

WORTH_SATS = 500
"""The most that a video is worth to this agent; the budget of the wallet is another bound."""


async def buy(text: str) -> bytes | None:
    """Buy a video; its MP4, or None where that is too large for an answer: then it is to be watched by its link.

    Raises:
        RuntimeError: A tool refused, in the words of the shop or of the budget; or it is too dear.
    """
    server = StdioServerParameters(
        command=sys.executable, args=["-m", "satspeak", "mcp"], env=dict(os.environ)
    )
    async with Client(stdio_client(server)) as client:

        async def use(tool: str, **arguments: Any) -> Any:
            answer: Any = await client.call_tool(tool, arguments)
            if answer.is_error:
                raise RuntimeError(answer.content[0].text)
            return answer

        chosen = (await use("list_avatars")).structured_content
        price = (await use("estimate_video", text=text)).structured_content
        print(f"{price['duration_seconds']} s for about {price['amount_sats']} sat")
        if price["amount_sats"] > WORTH_SATS:
            raise RuntimeError("That is too dear.")

        wish = {"text": text, "avatar": chosen["avatars"][0], "emotion": chosen["emotions"][0]}
        # Made up once: however often this is called, by this name it is paid once.
        bought = (await use("buy_video", **wish, purchase_id=str(uuid.uuid4()))).structured_content
        print(f"paid {bought['spent_sats']} sat, {bought['left_today_sats']} are left today")

        while True:  # it plays at video_url meanwhile
            answer = await use("get_video", bolt11_invoice=bought["bolt11_invoice"], include_bytes=True)
            if len(answer.content) > 1:
                return base64.b64decode(answer.content[1].resource.blob)
            if answer.structured_content["state"] == "ready":
                print(f"watch it at {answer.structured_content['page_url']}")
                return None


if __name__ == "__main__":
    video = asyncio.run(buy(" ".join(sys.argv[1:]) or "I have bought this video for myself."))
    if video is not None:
        Path("agent.mp4").write_bytes(video)
        print(f"agent.mp4: {len(video)} bytes")
