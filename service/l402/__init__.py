"""Sells by L402: a price is a challenge, and the receipt of its payment the credential."""
