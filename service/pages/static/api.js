// The public API, as any client would use it.

import {say} from "./words.js";

/** What the API refused, in words for people. */
export class Refused extends Error {
  constructor(name, status, message, retryAfter, field) {
    super(message);
    this.name = name;
    this.status = status;
    this.retryAfter = retryAfter;
    this.field = field;
  }
}

/** The line is broken: the same may work in a moment. */
export class Offline extends Error {
  constructor() {
    super(say("problem_network"));
  }
}

let ahead = 0; // milliseconds by which the shop's clock is ahead of the browser's

/** What time it is at the shop, as in `Date.now`: the invoice ends by its clock. */
export const now = () => Date.now() + ahead;

async function send(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {credentials: "omit", ...options});
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Offline();
  }
  const fresh = options.method === "POST" || options.cache === "no-store";
  const told = Date.parse(answer.headers.get("Date"));
  if (fresh && told) ahead = told - Date.now();
  if (answer.ok) return answer;
  throw await refusal(answer);
}

async function refusal(answer) {
  let problem = {};
  try {
    problem = await answer.json();
  } catch {
    // a proxy's own page
  }
  const name = String(problem.type ?? "").split("#").pop();
  const seconds = Number(answer.headers.get("Retry-After") ?? 5);
  const known = say(`problem_${name}`, {seconds});
  const detail = problem.detail ?? problem.message ?? `HTTP ${answer.status}`;
  const gateway = answer.status >= 502 && !problem.type ? say("problem_unavailable") : "";
  const own = name === "content-refused" && problem.detail ? `${known} ${detail}` : known;
  return new Refused(name, answer.status, own || gateway || say("problem_other", {detail}), seconds, problem.field);
}

const json = body => ({
  method: "POST",
  headers: {"Content-Type": "application/json"},
  body: JSON.stringify(body),
});

/** Where an order's video is, or what is beside it: an account's goes by its id, a buyer's by its invoice. */
export const place = (order, beside = "") =>
  order.id
    ? `/inference/${order.id}/${beside || "video.mp4"}`
    : `/lightning/video/${order.invoice}${beside && `/${beside}`}`;

const claimed = claim => (claim ? {"Claim-Token": claim} : {});

export async function estimate(wish, signal) {
  return (await send("/lightning/estimate", {...json(wish), signal})).json();
}

/** Ask for an invoice. The key makes a request that is sent twice get the same one. */
export async function quote(wish, audio, key) {
  let options = json(wish);
  if (audio) {
    const form = new FormData();
    form.append("audio", audio, "speech.wav");
    for (const [name, value] of Object.entries(wish)) form.append(name, value);
    options = {method: "POST", body: form, headers: {}};
  }
  options.headers["Idempotency-Key"] = key;
  return (await send(`/lightning/request-video/${audio ? "audio" : "text"}`, options)).json();
}

export async function voices() {
  return (await send("/voices")).json();
}

export async function currencies() {
  return (await (await send("/currencies")).json()).per_usd;
}

/** What is spoken and when, as WebVTT. */
export async function captions(order) {
  return (await send(place(order, "captions.vtt"), {headers: claimed(order.claim), cache: "no-cache"})).text();
}

export async function payment(order, wait = 0, signal = undefined) {
  const query = wait ? `?wait=${wait}` : "";
  const path = `/lightning/payment/${order.invoice}${query}`;
  return (await send(path, {headers: claimed(order.claim), signal, cache: "no-store"})).json();
}

export async function qr(order) {
  return (await send(`/lightning/qr/${order.invoice}`, {headers: claimed(order.claim)})).blob();
}

export async function video(order, signal) {
  const body = {bolt11_invoice: order.invoice, ...(order.claim ? {claim_token: order.claim} : {})};
  return send("/lightning/generate-video", {...json(body), signal});
}

export async function stored(order, query = "") {
  return send(`/lightning/video/${order.invoice}${query}`, {headers: claimed(order.claim)});
}

/** A video that somebody has begun, from its first byte on, while it grows. */
export async function begun(order, signal) {
  return send(place(order), {headers: claimed(order.claim), signal, cache: "no-store"});
}

/** Whether there is something in the playlist yet. */
export async function hasPlaylist(order) {
  try {
    return (await send(place(order, "hls.m3u8"), {cache: "no-store"})).ok;
  } catch {
    return false;
  }
}

export async function demoPay(order) {
  return send(`/demo/pay/${order.invoice}`, {method: "POST", headers: claimed(order.claim)});
}

export async function refund(body) {
  return (await send("/lightning/refund", json(body))).json();
}

const SILENCE_MS = 40_000; // the service gives a sign of life every 15 s
const LONGEST_PAUSE_MS = 15_000;

/**
 * Follow an order until nothing more can happen, through broken lines, sleep and restarts of the service.
 *
 * Events come by a stream that is read here and not by EventSource, which cannot send the claim token in a header; where
 * the stream breaks, one long poll is tried before the next stream.
 *
 * @param order invoice and claim
 * @param tell is called with each state of the payment; a truthy answer ends it
 * @param broken is called with true when the line breaks, with false when it is back
 * @returns a function that stops it
 */
export function follow(order, tell, broken) {
  const stop = new AbortController();
  let round = new AbortController();
  let pause = 500;
  let wake = () => {};

  const over = state => {
    pause = 500;
    broken(false);
    if (tell(state)) stop.abort();
  };

  async function stream() {
    let watchdog;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => round.abort(), SILENCE_MS);
    };
    alive();
    try {
      const path = `/lightning/payment/${order.invoice}/events`;
      const answer = await send(path, {headers: claimed(order.claim), signal: round.signal, cache: "no-store"});
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        alive();
        const events = (rest + value).split(/\r?\n\r?\n/);
        rest = events.pop();
        for (const event of events) {
          const data = event.split(/\r?\n/).filter(line => line.startsWith("data:")).map(line => line.slice(5).trim());
          if (data.length) over(JSON.parse(data.join("\n")));
          if (stop.signal.aborted) return;
        }
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async function run() {
    while (!stop.signal.aborted) {
      round = new AbortController();
      try {
        await stream();
      } catch (error) {
        if (error instanceof Refused && error.status === 404) {
          tell(null);
          return;
        }
        if (stop.signal.aborted) return;
        if (error instanceof Offline) broken(true);
        if (round.signal.aborted) round = new AbortController();
        try {
          over(await payment(order, 20, round.signal));
        } catch {
          broken(true);
        }
      }
      if (stop.signal.aborted) return;
      await new Promise(done => {
        wake = done;
        setTimeout(done, pause);
      });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  const again = () => {
    if (document.visibilityState === "hidden") return;
    pause = 500;
    round.abort();
    wake();
  };
  const gone = () => {
    broken(true);
    round.abort();
  };
  addEventListener("online", again);
  addEventListener("offline", gone);
  document.addEventListener("visibilitychange", again);
  run();
  return () => {
    stop.abort();
    round.abort();
    wake();
    removeEventListener("online", again);
    removeEventListener("offline", gone);
    document.removeEventListener("visibilitychange", again);
  };
}
