"""Signs messages as Standard Webhooks says (standard-webhooks/standard-webhooks, version 1). Pure."""

import base64
import hmac

PREFIX = "whsec_"


def secret_of(key: bytes) -> str:
    """Write a key as receivers' libraries take it."""
    return PREFIX + base64.b64encode(key).decode()


def headers(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Sign one try: the id is the message's, the timestamp the try's, in Unix seconds."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
