// A wallet service of Nostr Wallet Connect that others wrote. Each request goes out as a line, and what comes back as a line of
// JSON answers it; nothing comes back to a request that is never answered.
import { createInterface } from "node:readline";
import { NWCWalletService, NWCWalletServiceKeyPair } from "@getalby/sdk/nwc";

const { RELAY, WALLET_SECRET, CLIENT_PUBKEY } = process.env;
const waiting = [];
createInterface({ input: process.stdin }).on("line", (line) => waiting.shift()(JSON.parse(line)));
const ask = (line) =>
  new Promise((resolve) => {
    waiting.push(resolve);
    console.log(line);
  });

const service = new NWCWalletService({ relayUrls: [RELAY] });
await service.publishWalletServiceInfoEvent(WALLET_SECRET, ["get_info", "pay_invoice", "lookup_invoice"], []);
await service.subscribe(new NWCWalletServiceKeyPair(WALLET_SECRET, CLIENT_PUBKEY), {
  payInvoice: ({ invoice }) => ask(`pay ${invoice}`),
  lookupInvoice: ({ payment_hash }) => ask(`lookup ${payment_hash}`),
});
console.log("ready");
