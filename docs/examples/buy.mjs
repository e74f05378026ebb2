// Buys a video with what Node 20 brings: SHOP says where, PAY is a command that pays the invoice that follows it. In a browser
// `ask` and `video` are the same, and WebLN pays: `await window.webln.sendPayment(invoice)`.
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

const { SHOP, PAY } = process.env;

async function ask(path, body, headers = {}) {
  const answer = await fetch(SHOP + path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok) {
    const { type, detail } = await answer.json(); // RFC 9457
    throw new Error(`${type}: ${detail}`);
  }
  return answer;
}

const wish = { text: "Hello from JavaScript.", avatar: "european_woman", emotion: "happy", language: "en" };
const quote = await (await ask("/lightning/request-video/text", wish, { "Idempotency-Key": randomUUID() })).json();

const [command, ...words] = PAY.split(" ");
const { status } = spawnSync(command, [...words, quote.bolt11_invoice], { stdio: "inherit" });
if (status !== 0) throw new Error("not paid");

const video = await ask("/lightning/generate-video", { bolt11_invoice: quote.bolt11_invoice });
await pipeline(video.body, createWriteStream(process.argv.at(-1))); // while it is rendered
