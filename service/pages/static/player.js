// Plays a video while it is rendered: by MediaSource on the stream, where there is none by a playlist (HTTP Live Streaming), as
// on older iPhones, and where there is neither by a plain <video>.

import {Offline, Refused, captions, hasPlaylist, place, stored, video} from "./api.js";
import {say} from "./words.js";

const Source = self.ManagedMediaSource ?? self.MediaSource;
const PLAYLIST = "application/vnd.apple.mpegurl";

/** The MIME type of a fragmented MP4, read from its start: profile and level stand in its `avcC`. */
export function typeOf(start) {
  for (let i = 0; i + 8 < start.length; i++) {
    if (start[i] === 0x61 && start[i + 1] === 0x76 && start[i + 2] === 0x63 && start[i + 3] === 0x43) {
      const profile = [...start.slice(i + 5, i + 8)].map(each => each.toString(16).padStart(2, "0")).join("");
      return `video/mp4; codecs="avc1.${profile},mp4a.40.2"`;
    }
  }
  return null;
}

const happens = (target, name) => new Promise(done => target.addEventListener(name, done, {once: true}));

const pause = (ms, signal) =>
  new Promise(done => {
    const waiting = setTimeout(done, ms);
    const now = () => {
      clearTimeout(waiting);
      done();
    };
    signal.addEventListener("abort", now, {once: true});
    addEventListener("online", now, {once: true});
  });

/** Ask for the stream until there is one; what breaks is asked for again from its first byte, and what is there skipped. */
async function* bytesOf({ask, order, signal, broken}) {
  let had = 0;
  while (!signal.aborted) {
    let reader;
    try {
      const answer = await ask(order, signal);
      reader = answer.body.getReader();
      let at = 0;
      for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        const skip = Math.max(0, had - at);
        at += value.length;
        if (skip < value.length) {
          had = at;
          broken(false);
          yield value.subarray(skip);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      const final = error instanceof Refused && error.status < 500 && error.status !== 429 && error.status !== 408;
      if (final) throw error;
      broken(true, error);
      await pause(error instanceof Refused ? 1000 * error.retryAfter : error instanceof Offline ? 2000 : 500, signal);
    } finally {
      reader?.cancel().catch(() => {}); // who wants no more of it need not be sent the rest
    }
  }
}

/**
 * Play an order's video in an element from its first byte on, while it grows.
 *
 * @param element a <video>
 * @param order invoice and claim; of an account its id
 * @param broken is called with true when the stream breaks, with false when it goes on
 * @param ask has the video sent: by default it is begun, too
 * @returns {stop, whole}: a function, and a promise that fails where there will be no video
 */
export function playGrowing(element, order, broken, ask = video) {
  const stop = new AbortController();
  const stream = {ask, order, broken, signal: stop.signal};
  return {stop: () => stop.abort(), whole: play(element, stream)};
}

async function play(element, stream) {
  if (!Source) return playPlainly(element, stream);
  const {signal} = stream;
  const source = new Source();
  element.disableRemotePlayback = true; // without which ManagedMediaSource opens nothing
  element.src = URL.createObjectURL(source);
  await happens(source, "sourceopen");
  URL.revokeObjectURL(element.src);
  let buffer = null;
  let start = new Uint8Array();
  for await (const chunk of bytesOf(stream)) {
    let next = chunk;
    if (!buffer) {
      const longer = new Uint8Array(start.length + chunk.length);
      longer.set(start);
      longer.set(chunk, start.length);
      start = longer;
      const type = typeOf(start);
      if (!type) continue;
      if (!Source.isTypeSupported(type)) return playPlainly(element, stream);
      buffer = source.addSourceBuffer(type);
      next = start;
    }
    const updated = happens(buffer, "updateend");
    buffer.appendBuffer(next);
    await updated;
    if (signal.aborted) return;
  }
  if (!signal.aborted && source.readyState === "open") source.endOfStream();
}

/** Begin the render, then let the browser read the video itself; of a private one, read it here once it is whole. */
async function playPlainly(element, stream) {
  const {order, broken, signal} = stream;
  if (order.claim) {
    // Whoever reads by an address alone would have to be given the token in it.
    const parts = [];
    for await (const chunk of bytesOf(stream)) parts.push(chunk);
    if (!signal.aborted) change(element, URL.createObjectURL(new Blob(parts, {type: "video/mp4"})));
    return;
  }
  const byPlaylist = element.canPlayType(PLAYLIST) !== "";
  for await (const _ of bytesOf(stream)) {
    if (!byPlaylist || await hasPlaylist(order)) break;
  }
  if (signal.aborted) return;
  const address = place(order, byPlaylist ? "hls.m3u8" : "");
  element.addEventListener("error", async () => {
    const at = element.currentTime;
    broken(true);
    await pause(2000, signal);
    if (signal.aborted) return;
    change(element, address);
    element.currentTime = at;
  }, {signal});
  element.addEventListener("playing", () => broken(false), {signal});
  change(element, address);
}

/** Show something else in an element, which goes on if it played or was about to. */
function change(element, address) {
  const going = !element.paused;
  element.src = address;
  if (going) element.play().catch(() => {}); // whoever called it first offers a button
}

/**
 * Offer the captions in the player's own menu. They come as a blob, since a <track> cannot send a claim token; asked for
 * again once the video is whole they are exact, and stay switched on where they were.
 *
 * @param element a <video>
 * @param order invoice and claim
 * @param wanted says whether the element still shows that order
 */
export async function offerCaptions(element, order, wanted = () => true) {
  const text = await captions(order);
  if (!wanted() || !text.includes("-->")) return; // of a recording there are none
  const before = element.querySelector("track");
  const track = document.createElement("track");
  track.kind = "captions";
  track.label = say("captions");
  track.src = URL.createObjectURL(new Blob([text], {type: "text/vtt"}));
  const mode = before?.track.mode ?? "disabled";
  before?.remove();
  element.append(track);
  track.track.mode = mode;
}

/** Show a video that is whole. */
export async function playWhole(element, order) {
  if (!order.claim) {
    element.src = `/lightning/video/${order.invoice}`;
    element.poster = `/lightning/video/${order.invoice}/poster.jpg`;
    return;
  }
  element.src = URL.createObjectURL(await (await stored(order)).blob());
}
