// Buys by L402 with clients that others wrote. The wallet is whoever reads `pay INVOICE` and answers with a preimage.
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { Fetch402InterruptedError, fetch402, fetchWithL402 } from "@getalby/lightning-tools/402";
import macaroons from "macaroon";

const url = process.env.SHOP + "/l402/video";
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
let payments = 0;
const wallet = {
  async payInvoice({ invoice }) {
    payments += 1;
    console.log(`pay ${invoice}`);
    return { preimage: (await lines.next()).value };
  },
};

async function told(response) {
  const body = Buffer.from(await response.arrayBuffer());
  const sha256 = createHash("sha256").update(body).digest("hex");
  return { status: response.status, type: response.headers.get("content-type"), size: body.length, sha256, payments };
}

const wish = { avatar: "european_woman", emotion: "happy" };
const post = (text, headers) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify({ text, ...wish }),
});

function form() {
  const data = new FormData();
  for (const [name, value] of Object.entries(wish)) data.set(name, value);
  data.set("audio", new Blob([Buffer.from(process.env.WAV, "base64")]), "speech.wav");
  return { method: "POST", body: data };
}

const bought = await fetchWithL402(url, post("Bought by a program."), { wallet });
const { credentials } = bought.payment;
const report = { bought: await told(bought) };
report.again = await told(await fetch402(url, post("Bought by a program."), { wallet, credentials }));
report.other = await told(await fetch402(url, post("Something else."), { wallet, credentials }));
report.audio = await told(await fetch402(url, form(), { wallet, maxAmount: 1000 }));

const token = /L402 (.*):(.*)/.exec(credentials.value);
const narrowed = macaroons.importMacaroon(token[1]);
narrowed.addFirstPartyCaveat("preimage=" + token[2]);
const binary = Buffer.from(narrowed.exportBinary()).toString("base64");
report.narrowed = await told(await fetch(url, post("Bought by a program.", { Authorization: `L402 ${binary}:${token[2]}` })));

try {
  await fetch402(url, post("Too dear for me."), { wallet, maxAmount: 1 });
} catch (error) {
  report.capped = { interrupted: error instanceof Fetch402InterruptedError, message: error.message, payments };
}
console.log(JSON.stringify(report));
process.stdin.destroy();
