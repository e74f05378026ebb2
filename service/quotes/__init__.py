"""Sells: quotes, idempotency, caps, liquidity, screening, room for uploads."""
