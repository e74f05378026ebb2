"""How an order is paid: settlements and holds."""
