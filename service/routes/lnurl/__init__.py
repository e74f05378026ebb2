"""LNURL-pay and Lightning Address."""
