"""Leads wallets to the invoices of quotes: LNURL-pay and Lightning Address."""
