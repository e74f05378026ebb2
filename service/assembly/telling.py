"""Opens what tells receivers of webhooks."""

import contextlib

from service.assembly.background import Ambient, run_until_closed
from service.assembly.stores import Kept
from service.runtime.supervision import Supervised
from service.settings import Settings
from service.webhooks.carrier import HttpCarrier
from service.webhooks.sending import Sending


def open_webhooks(stack: contextlib.AsyncExitStack, settings: Settings, kept: Kept, ambient: Ambient) -> None:
    """Send what there is to tell, in one service at a time, until the stack is closed."""
    carrier = HttpCarrier(private=settings.webhooks.webhook_private)
    stack.push_async_callback(carrier.aclose)
    sending = Sending(
        outbox=kept.outbox,
        carrier=carrier,
        terms=settings.webhooks,
        public_url=settings.program.public_url,
        bells=kept.bells,
        now=ambient.now,
    )
    run_until_closed(stack, Supervised("webhooks", lambda: kept.peers.alone("webhooks", sending.run)))
