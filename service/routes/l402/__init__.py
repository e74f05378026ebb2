"""Videos by L402: a challenge, and a credential."""
