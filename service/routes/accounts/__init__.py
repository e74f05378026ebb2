"""Accounts with prepaid video time, for who holds their keys."""
