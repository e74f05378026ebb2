"""Who holds keys and prepaid video time."""
