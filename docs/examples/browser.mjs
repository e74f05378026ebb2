// Buys a video from a page of any site: the shop's API answers every origin, and no key is needed.
const shop = new URLSearchParams(location.search).get("shop") ?? location.origin;
const $ = id => document.getElementById(id);

async function ask(path, options) {
  const answer = await fetch(shop + path, options);
  if (answer.ok) return answer;
  const { detail } = await answer.json(); // RFC 9457
  throw new Error(detail);
}

const json = (body, headers) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", ...headers },
  body: JSON.stringify(body),
});

async function buy(text) {
  const wish = { text, avatar: "european_woman", emotion: "happy" };
  const key = { "Idempotency-Key": crypto.randomUUID() };
  const quote = await (await ask("/lightning/request-video/text", json(wish, key))).json();
  const invoice = quote.bolt11_invoice;

  $("state").textContent = `${quote.amount} sat for ${quote.duration} s`;
  $("qr").src = `${shop}/lightning/qr/${invoice}`;
  $("wallet").href = quote.lightning_uri;
  $("pay").hidden = false;
  // A wallet in the browser pays at once; of any other the shop tells.
  window.webln?.enable().then(() => window.webln.sendPayment(invoice));
  let status = "pending";
  while (status === "pending") {
    ({ status } = await (await ask(`/lightning/payment/${invoice}?wait=30`)).json());
  }
  if (status !== "paid") throw new Error("The invoice has expired.");

  $("pay").hidden = true;
  $("state").textContent = "Paid. The video is being made.";
  const video = await ask("/lightning/generate-video", json({ bolt11_invoice: invoice }));
  $("player").src = URL.createObjectURL(await video.blob());
  $("player").hidden = false;
  $("state").textContent = "Here it is.";
}

$("wish").addEventListener("submit", event => {
  event.preventDefault();
  buy(event.target.text.value).catch(error => ($("state").textContent = error.message));
});
