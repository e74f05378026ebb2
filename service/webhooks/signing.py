"""Signs messages as Standard Webhooks says (standard-webhooks/standard-webhooks, version 1). Pure."""

import base64
import hmac

PREFIX = "whsec_"


def secret_of(key: bytes) -> str:
    """Write a key as receivers' libraries take it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign one try: the id is the message's, the timestamp the try's, in Unix seconds.

    Args:
        secret: Or several with spaces between: receivers take a message that any of them has signed.
        message_id: Stays over all tries.
        timestamp: In Unix seconds.
        body: To the byte.
    """
    content = f"{message_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_sign(each, content) for each in secret.split()),
    }


def _sign(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, content, 'sha256')).decode()}"
