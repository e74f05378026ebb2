// The shop: one order from the first word to the last frame. What is shown follows from what `store.js` remembers, so a
// reload at any step comes back to it.

import * as api from "./api.js";
import {bySound, estimate, fail, finishRecording, form, label, reason, recording, setUp, wish} from "./composing.js";
import {$, copy, fileName, notice, offerDownload, problem} from "./page.js";
import {offerCaptions, playGrowing, playWhole} from "./player.js";
import {asking, current, orders, sound} from "./store.js";
import {clock, money, number, sats, say} from "./words.js";

const SECTIONS = ["make", "pay", "expired", "watch", "failed", "purchases"];

let shown = null; // the order that pay, expired, watch or failed is about
let unfollow = () => {};
let playing = null;
let captioned = null; // the state of the video in which its captions were asked for

/** Have the browser's own back button lead to what was shown before, in each tab for itself. */
function step(state) {
  if (JSON.stringify(history.state) !== JSON.stringify(state)) history.pushState(state, "");
}

function go(state, focus) {
  if (state.invoice && orders.get(state.invoice)) open(state.invoice);
  else if (state.purchases) showPurchases();
  else compose(focus);
}

function show(section, {focus = true} = {}) {
  for (const each of SECTIONS) $(each).hidden = each !== section;
  document.querySelector(".programs").hidden = section !== "make";
  if (section !== "watch") $("player").pause();
  $("open-purchases").hidden = section === "purchases" || orders.all().length === 0;
  if (focus) {
    $(`${section}-title`).focus({preventScroll: true});
    scrollTo({top: 0, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth"});
  }
}

// ------------------------------------------------------------------------------------------------------- buying

async function buy(event) {
  event?.preventDefault();
  await finishRecording();
  const text = $("text").value.trim();
  if (bySound() && !recording()) return fail(say("need_audio"), $("record"));
  if (!bySound() && !text) return fail(say("need_text"), $("text"));
  const asked = {...wish(), ...(bySound() ? {} : {text}), ...($("private").checked ? {private: true} : {})};
  await ask(asked, $("get"));
}

/**
 * Get an invoice for a wish. A request that broke off is sent again with the same key, and gets the same invoice.
 *
 * @param asked the wish
 * @param button that asks for it: it waits meanwhile
 * @param size of the recording that an earlier order was about: another one is no more the same wish
 */
async function ask(asked, button, size) {
  if (button.disabled) return;
  const focused = document.activeElement === button;
  button.disabled = true;
  const same = asking.get();
  const audio = "text" in asked ? null : (recording() ?? (await sound.get()));
  const mark = audio ? audio.size : 0;
  if (size !== undefined && mark !== size) {
    button.disabled = false;
    compose();
    return fail(say("need_audio"));
  }
  const request = same && same.mark === mark && JSON.stringify(same.asked) === JSON.stringify(asked)
    ? same : {asked, mark, key: crypto.randomUUID?.() ?? uuid()};
  asking.set(request);
  const label = button.textContent;
  button.textContent = say("getting");
  problem($("problem"), "");
  try {
    const quote = await api.quote(asked, audio, request.key);
    asking.set(null);
    const order = {
      invoice: quote.bolt11_invoice, uri: quote.lightning_uri, amount: quote.amount, usd: quote.amount_usd,
      duration: quote.duration, expires: quote.expires_at, refund: quote.refund_token, claim: quote.claim_token,
      asked, mark, at: new Date().toISOString(), state: "pending",
    };
    orders.put(order);
    open(order.invoice);
  } catch (error) {
    if (error instanceof api.Refused) asking.set(null);
    if ($("make").hidden) notice(error.message); // a fresh invoice was asked for
    else fail(reason(error));
  } finally {
    button.disabled = false;
    button.textContent = label;
    if (focused && document.activeElement === document.body) button.focus(); // which it lost when it was disabled
  }
}

/** Where there is no secure context there is no randomUUID. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map(each => each.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// -------------------------------------------------------------------------------------------- following an order

/** Show an order that this browser bought, wherever it is by now. */
function open(invoice) {
  close();
  shown = orders.get(invoice);
  if (!shown) return compose();
  current.set(invoice);
  step({invoice});
  const order = shown;
  const over = ({status, video}) =>
    ["expired", "canceled", "refunded"].includes(status) || ["ready", "deleted"].includes(video.state);
  const tell = state => {
    if (shown !== order) return true;
    if (state === null) {
      forgotten(order);
      return true;
    }
    showState(order, state);
    return over(state);
  };
  if (order.state === "pending") showInvoice(order);
  unfollow = api.follow(order, tell, broken => line(broken));
}

function close() {
  unfollow();
  unfollow = () => {};
  playing?.stop();
  playing = captioned = null;
  clearInterval(counting);
  const player = $("player");
  player.pause();
  player.removeAttribute("src");
  player.removeAttribute("poster");
  player.querySelector("track")?.remove();
  player.load();
  $("start").hidden = true;
  shown = null;
}

function compose({focus = true} = {}) {
  close();
  current.set(null);
  step({make: true});
  show("make", {focus});
  estimate();
}

function line(broken) {
  document.body.classList.toggle("broken", broken);
  const text = broken ? say(navigator.onLine ? "reconnecting" : "offline") : "";
  if (broken) notice(text);
  else if ($("toast").textContent === say("offline") || $("toast").textContent === say("reconnecting")) notice("");
}

/** The service knows this order no more: it was never paid. */
function forgotten(order) {
  orders.change(order.invoice, {state: "expired"});
  show("expired");
}

function showState(order, state) {
  const ended = ["ready", "failed", "deleted"].includes(state.video.state);
  const summary = state.status === "paid" && ended ? state.video.state : state.status;
  if (summary !== order.state) {
    order.state = summary;
    orders.change(order.invoice, {state: summary});
  }
  switch (state.status) {
    case "pending":
      return;
    case "expired":
    case "canceled":
      clearInterval(counting);
      return show("expired");
    case "refunded":
      showFailed(order, state);
      return;
  }
  if (state.video.state === "failed") return showFailed(order, state);
  showVideo(order, state);
}

let counting;

async function showInvoice(order) {
  show("pay");
  $("pay-amount").textContent = sats(order.amount);
  $("pay-money").textContent = money(order.usd);
  $("pay-what").textContent = say("what_text", {avatar: label(order.asked.avatar), seconds: number(order.duration, 1)});
  $("pay-open").href = order.uri;
  $("pay-invoice").value = order.invoice;
  $("pay-state").textContent = say("waiting");
  $("pay-webln").hidden = !window.webln;
  clearInterval(counting);
  let looked = false;
  const count = () => {
    const left = (Date.parse(order.expires) - api.now()) / 1000;
    $("pay-left").textContent = left > 0 ? say("left", {time: clock(left)}) : "";
    if (left < -5 && !looked) {
      looked = true;
      look(order); // the service tells it too; where its events are late, this does
    }
  };
  count();
  counting = setInterval(count, 1000);
  $("qr").removeAttribute("src");
  try {
    const picture = await api.qr(order);
    if (order !== shown) return;
    $("qr").src = URL.createObjectURL(picture);
  } catch (error) {
    $("pay-state").textContent = error.message;
  }
}

async function look(order) {
  try {
    const state = await api.payment(order);
    if (order === shown) showState(order, state);
  } catch {
    // the events come back by themselves
  }
}

function showVideo(order, state) {
  clearInterval(counting);
  if ($("watch").hidden) {
    show("watch");
    $("watch-text").textContent = order.asked.text ?? "";
    $("watch-text").hidden = !order.asked.text;
    $("download").hidden = $("download-captions").hidden = $("share").hidden = $("replay").hidden = true;
    for (const id of ["download", "download-captions"]) {
      $(id).removeAttribute("href");
      $(id).onclick = null;
    }
  }
  const {state: made, seconds} = state.video;
  const all = Math.max(order.duration, seconds);
  $("bar").value = made === "ready" ? 1 : Math.min(seconds / all, 1);
  $("bar-text").textContent = say("bar", {done: number(seconds, 1), all: number(made === "ready" ? seconds : all, 1)});
  if (made === "deleted") {
    $("watch-state").textContent = say("deleted");
    return;
  }
  const waiting = {none: "starting", rendering: "starting", interrupted: "queued"};
  $("watch-state").textContent = say((seconds ? null : waiting[made]) ?? made);
  if (!playing) begin(order, made);
  if (order.asked.text && (seconds || made === "ready") && captioned !== made) {
    captioned = made;
    offerCaptions($("player"), order, () => order === shown).catch(() => (captioned = null));
  }
  if (made === "ready") {
    const name = fileName(order.asked.text ?? label(order.asked.avatar));
    offerDownload($("download"), order, name, api.stored);
    if (order.asked.text) offerDownload($("download-captions"), order, name, api.stored, "?captions=track");
    $("share").hidden = $("replay").hidden = false;
  }
}

function begin(order, made) {
  const player = $("player");
  if (made === "ready") {
    playing = {stop() {}};
    playWhole(player, order).catch(error => ($("watch-state").textContent = error.message));
    $("start").hidden = false;
    return;
  }
  playing = playGrowing(player, order, (broken, why) => {
    if (order !== shown) return;
    if (broken && why instanceof api.Refused) $("watch-state").textContent = why.message;
    else line(broken);
  });
  playing.whole.catch(error => {
    const told = error instanceof api.Refused && error.name === "render-refused"; // by the events, with the refund
    if (order === shown && !told) $("watch-state").textContent = error.message;
  });
  player.play().catch(() => {
    // Browsers let nothing sound before the visitor has touched the page: after a reload, say.
    if (order === shown && player.paused) $("start").hidden = false;
  });
}

// ------------------------------------------------------------------------------------------------------ refunds

function showFailed(order, state) {
  playing?.stop();
  playing = null;
  if ($("failed").hidden) {
    show("failed");
    if (order.preimage) $("preimage").value = order.preimage;
  }
  const offered = state.refund;
  const most = offered ? number(Math.floor(offered.amount_msat / 1000)) : "";
  const stage = state.status === "refunded" ? "refunded" : (offered?.state ?? "offered");
  const open = stage === "offered" || stage === "failed";
  $("refund").hidden = !open || !order.refund;
  $("failed-text").textContent = open ? say("failed_offer", {sats: most}) : "";
  $("refund-hint").textContent = say("refund_hint", {sats: most});
  const words = {paying: "refund_paying", owed: "refund_owed", refunded: "refunded", failed: "refund_failed"};
  $("refund-state").textContent = stage in words ? say(words[stage]) : "";
}

async function sendRefund(event) {
  event.preventDefault();
  const order = shown;
  const preimage = $("preimage").value.trim();
  const invoice = $("refund-invoice").value.trim().replace(/^lightning:/i, "");
  const bad = (text, element) => {
    problem($("refund-problem"), text);
    element.focus();
  };
  if (!/^[0-9a-f]{64}$/i.test(preimage)) return bad(say("need_preimage"), $("preimage"));
  if (!/^ln\w+$/i.test(invoice)) return bad(say("need_invoice"), $("refund-invoice"));
  problem($("refund-problem"), "");
  orders.change(order.invoice, {preimage});
  const button = $("refund").querySelector("button");
  button.disabled = true;
  try {
    await api.refund({bolt11_invoice: order.invoice, refund_token: order.refund, preimage, refund_invoice: invoice});
  } catch (error) {
    problem($("refund-problem"), error.message);
  } finally {
    button.disabled = false;
  }
  if (order === shown) look(order);
}

// ---------------------------------------------------------------------------------------------------- purchases

function showPurchases() {
  close();
  current.set(null);
  step({purchases: true});
  const list = $("bought");
  list.replaceChildren();
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {dateStyle: "medium", timeStyle: "short"});
  for (const order of orders.all()) {
    const item = document.createElement("li");
    const what = document.createElement("span");
    what.dir = "auto";
    what.textContent = order.asked.text ?? label(order.asked.avatar);
    const facts = document.createElement("small");
    const told = [format.format(new Date(order.at)), sats(order.amount), say(`state_${order.state}`)];
    facts.textContent = [...told, ...(order.claim ? [say("private_text")] : [])].join(" · ");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = say("open");
    button.setAttribute("aria-label", `${say("open")}: ${what.textContent}`);
    button.addEventListener("click", () => open(order.invoice));
    item.append(what, facts, button);
    list.append(item);
  }
  if (!list.children.length) list.append(Object.assign(document.createElement("li"), {textContent: say("nothing_bought")}));
  show("purchases");
}

// ------------------------------------------------------------------------------------------------------- wiring

form.addEventListener("submit", buy);
$("pay-copy").addEventListener("click", () => copy(shown.invoice, say("copied")));
$("pay-invoice").addEventListener("focus", event => event.target.select());
$("pay-webln").addEventListener("click", async () => {
  const order = shown;
  $("pay-webln").disabled = true;
  try {
    await window.webln.enable();
    $("pay-state").textContent = say("paying");
    const {preimage} = await window.webln.sendPayment(order.invoice);
    if (preimage) {
      order.preimage = preimage;
      orders.change(order.invoice, {preimage});
    }
  } catch (error) {
    $("pay-state").textContent = say("wallet_refused", {why: error.message ?? ""});
  } finally {
    $("pay-webln").disabled = false;
  }
});
$("pay-demo")?.addEventListener("click", async () => {
  $("pay-demo").disabled = true;
  $("pay-state").textContent = say("paying");
  try {
    await api.demoPay(shown);
  } catch (error) {
    $("pay-state").textContent = error.message;
  } finally {
    $("pay-demo").disabled = false;
  }
});
$("fresh").addEventListener("click", () => ask(shown.asked, $("fresh"), shown.mark));
$("share").addEventListener("click", async () => {
  const url = `${location.origin}/video/${shown.invoice}${shown.claim ? `#claim=${shown.claim}` : ""}`;
  await copy(url, say("link_copied"));
});
$("replay").addEventListener("click", () => {
  $("player").currentTime = 0;
  $("player").play();
});
$("start").addEventListener("click", () => $("player").play());
$("player").addEventListener("play", () => ($("start").hidden = true));
$("refund").addEventListener("submit", sendRefund);
$("try-again").addEventListener("click", () => {
  const order = shown;
  $("failed").hidden = true;
  api.video(order).then(answer => answer.body.cancel()).catch(error => {
    if (order === shown) problem($("refund-problem"), error.message);
  }).finally(() => order === shown && open(order.invoice));
});
for (const id of ["pay-back", "expired-back", "another", "failed-back", "purchases-back"]) {
  $(id).addEventListener("click", () => compose());
}
$("open-purchases").addEventListener("click", showPurchases);
$("forget").addEventListener("click", () => {
  if (!confirm(say("forget_sure"))) return;
  orders.clear();
  compose();
});

addEventListener("popstate", event => event.state && go(event.state)); // a link to a part of the page has none

setUp();
if (!history.state) history.replaceState(current.get() ? {invoice: current.get()} : {make: true}, "");
go(history.state, {focus: false});
