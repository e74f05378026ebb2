"""What browsers are told to do with answers of ours, whoever makes them."""

from litestar.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    # Addresses of pages carry invoices, which are the keys of their orders.
    (b"referrer-policy", b"no-referrer"),
    (
        b"permissions-policy",
        b"microphone=(self), camera=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    ),
]


def with_security_headers(app: ASGIApp) -> ASGIApp:
    """Wrap an application, so that even a refusal has them."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(header for header in HEADERS if header[0] not in said),
                ]
            await send(message)

        await app(scope, receive, send_guarded)

    return guarded
