// The page of one video. Of a private one the token stands behind `#`, which is sent to nobody.

import * as api from "./api.js";
import {$, fileName, offerDownload, problem} from "./page.js";
import {offerCaptions, playGrowing, playWhole} from "./player.js";
import {say} from "./words.js";

const seen = $("seen");
const claim = new URLSearchParams(location.hash.slice(1)).get("claim");
const order = {invoice: decodeURIComponent(location.pathname.split("/").pop()), claim};
const play = () => playGrowing($("player"), order, () => {}, api.begun).whole;

async function openPrivately() {
  let state;
  try {
    state = await api.payment(order);
  } catch (error) {
    problem($("problem"), error.message);
    return;
  }
  const {state: made} = state.video;
  if (state.status !== "paid" || made === "failed" || made === "deleted") {
    problem($("problem"), say(`state_${state.status === "paid" ? made : state.status}`));
    return;
  }
  $("seen-title").textContent = say("private_text");
  $("seen-text")?.remove();
  $("seen-watch").hidden = false;
  offerDownload($("download"), order, fileName(""), api.stored);
  if (made === "ready") await playWhole($("player"), order);
  else await play();
  await offerCaptions($("player"), order);
  if ($("player").querySelector("track")) {
    offerDownload($("download-captions"), order, fileName(""), api.stored, "?captions=track");
  }
}

const tell = error => problem($("problem"), error.message);
if (claim && seen.dataset.state === "unknown") openPrivately().catch(tell);
else if (seen.dataset.state === "rendering") play().catch(tell); // where no script runs, the file itself plays
else if (seen.dataset.state === "waiting") setTimeout(() => location.reload(), 3000);
addEventListener("hashchange", () => location.reload());
