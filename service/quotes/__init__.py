"""Sells: quotes, video time in advance, idempotency, caps, liquidity, screening, room for uploads."""
