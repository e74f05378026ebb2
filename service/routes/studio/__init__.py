"""The library of an account, over HTTP."""
