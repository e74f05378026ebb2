"""Buys a video: SHOP says where, SATSPEAK_PAY which wallet pays, the first argument where it goes."""

import os
import sys
from pathlib import Path

from satspeak.client import SyncClient
from satspeak.payers import open_payer

with SyncClient(os.environ["SHOP"], patience_s=60) as client:
    quote = client.quote_text("Hello from Python.", avatar="european_woman", emotion="happy", language="en")
    client.pay(quote, lambda: open_payer(os.environ["SATSPEAK_PAY"], os.environ), max_sats=500)
    client.download(quote.bolt11_invoice, Path(sys.argv[1]))
