// What is to be made: who says what, in which mood, language and voice, and what that costs. All of it is kept as a draft.

import * as api from "./api.js";
import {showFaces, watchFaces} from "./faces.js";
import {$, notice, problem} from "./page.js";
import {record, secondsOf, toWav} from "./sound.js";
import {currency, draft, sound} from "./store.js";
import {avatars, clock, currencyName, languageName, money, number, sats, say, showMoneyIn} from "./words.js";

const ESTIMATE_AFTER_MS = 300;

export const form = $("wish");

let recorded = null; // the WAV that is to be spoken

/** The WAV that is to be spoken, or null. */
export const recording = () => recorded;

/** Say what is wrong beside the form, and lead to it. */
export function fail(text, element) {
  problem($("problem"), text);
  element?.focus();
}

/** The name of an avatar for people. */
export function label(name) {
  const radio = form.querySelector(`input[name="avatar"][value="${CSS.escape(name)}"]`);
  return avatars[name] ?? radio?.dataset.label ?? name;
}

const LONG = 1000; // characters: of more, what is wrong with a text is its length

/** Say why the shop did not take a wish. */
export function reason(error) {
  const aboutText = !bySound() && (error.field === "text" || error.name === "body-too-large");
  return aboutText ? say($("text").value.length > LONG ? "text_too_long" : "nothing_to_speak") : error.message;
}

const field = name => form.elements.namedItem(name);
export const bySound = () => field("source").value === "audio";

function chosenAvatar() {
  return form.querySelector('input[name="avatar"]:checked');
}

export function wish() {
  const asked = {avatar: field("avatar").value, emotion: field("emotion").value};
  if (!bySound()) {
    if (field("language").value) asked.language = field("language").value;
    if (field("voice").value) asked.voice = field("voice").value;
  }
  return asked;
}

function keepDraft() {
  draft.set({
    ...wish(), language: field("language").value, voice: field("voice").value,
    source: field("source").value, text: $("text").value, private: $("private").checked,
  });
}

function restoreDraft() {
  const kept = draft.get();
  const check = (name, value) => {
    const radio = value && form.querySelector(`input[name="${name}"][value="${CSS.escape(value)}"]`);
    if (radio) radio.checked = true;
  };
  for (const name of ["avatar", "emotion", "source"]) check(name, kept[name]);
  if (kept.text && !$("text").value) $("text").value = kept.text;
  field("language").value = kept.language ?? "";
  $("private").checked = kept.private ?? false;
}

/** Show the faces and the chosen one, and offer the emotions that it has. */
function showFace() {
  const avatar = chosenAvatar();
  const able = avatar.dataset.emotions.split(" ");
  for (const radio of form.querySelectorAll('input[name="emotion"]')) {
    radio.disabled = !able.includes(radio.value);
    radio.parentElement.hidden = radio.disabled;
    if (radio.disabled && radio.checked) form.querySelector(`input[name="emotion"][value="${able[0]}"]`).checked = true;
  }
  $("face-name").textContent = avatar.dataset.label;
  showFaces(field("emotion").value);
}

let estimating = null;
let estimateTimer;

function price(main, rest = "") {
  $("price").querySelector("b").textContent = main;
  $("price").querySelector("span").textContent = rest;
}

/** Ask what it would cost: once typing rests, and only the last answer counts. */
export function estimate() {
  clearTimeout(estimateTimer);
  estimating?.abort();
  problem($("problem"), ""); // now, since the answer may come after a problem with the invoice
  if (bySound()) {
    price("", recorded ? say("price_audio", {seconds: number(secondsOf(recorded), 1)}) : say("price_audio_empty"));
    return;
  }
  const text = $("text").value.trim();
  if (!text) {
    price("", say("price_empty"));
    return;
  }
  const mine = (estimating = new AbortController());
  estimateTimer = setTimeout(async () => {
    try {
      const told = await api.estimate({text, ...wish()}, mine.signal);
      if (mine.signal.aborted) return;
      const what = say("price_for", {money: money(told.amount_usd), seconds: number(told.duration, 1)});
      const detected = told.language && !field("language").value;
      const language = detected ? ` ${say("in_language", {language: languageName(told.language)})}` : "";
      price(sats(told.amount), what + language);
    } catch (error) {
      if (mine.signal.aborted) return;
      price("");
      if (error.status === 429) estimateTimer = setTimeout(estimate, 1000 * error.retryAfter);
      else problem($("problem"), reason(error));
    }
  }, ESTIMATE_AFTER_MS);
}

async function loadVoices() {
  try {
    const all = await api.voices();
    const select = field("voice");
    const fill = () => {
      const language = field("language").value;
      const kept = select.value || draft.get().voice;
      select.length = 1;
      for (const voice of all.filter(each => !language || each.language === language)) {
        const traits = [say(voice.gender)];
        if (!language) traits.unshift(languageName(voice.language));
        if (voice.engine === "kokoro") traits.push(say("natural"));
        if (voice.accent === "accented") traits.push(say("accented"));
        select.add(new Option(`${traits.filter(Boolean).join(", ")} (${voice.name})`, voice.name));
      }
      select.value = all.some(each => each.name === kept && (!language || each.language === language)) ? kept : "";
    };
    fill();
    field("language").addEventListener("change", () => {
      fill();
      offerSample();
    });
    samples = Object.fromEntries(all.map(voice => [voice.name, voice.sample_url]));
    offerSample();
  } catch {
    // one that fits is chosen by the renderer
  }
}

let samples = {}; // of voices, by name
const listening = new Audio();

/** Offer to hear the chosen voice. Nothing is loaded before it is asked for. */
function offerSample() {
  listening.pause();
  $("listen").hidden = !samples[field("voice").value];
}

function toggleListening() {
  if (!listening.paused) {
    listening.pause();
    return;
  }
  listening.src = samples[field("voice").value];
  listening.play().catch(error => error.name === "AbortError" || notice(say("problem_renderer-unavailable")));
}

async function loadCurrencies() {
  const select = $("currency");
  let rates;
  try {
    rates = await api.currencies();
  } catch {
    return; // prices stay in dollars
  }
  for (const code of Object.keys(rates)) select.add(new Option(`${code} · ${currencyName(code)}`, code));
  const choose = code => showMoneyIn(code, rates[code]);
  select.value = currency.get() in rates ? currency.get() : "USD";
  choose(select.value);
  select.addEventListener("change", () => {
    currency.set(select.value);
    choose(select.value);
    estimate();
  });
  $("currency-part").hidden = select.options.length < 2;
  if (select.value !== "USD") estimate();
}

function showSource() {
  if (!bySound()) finishRecording();
  $("text-part").hidden = bySound();
  $("audio-part").hidden = !bySound();
  estimate();
}

function showClip() {
  $("clip").hidden = !recorded;
  $("drop-hint").hidden = Boolean(recorded);
  if ($("clip-player").src) URL.revokeObjectURL($("clip-player").src);
  if (!recorded) {
    $("clip-player").removeAttribute("src");
    estimate();
    return;
  }
  $("clip-player").src = URL.createObjectURL(recorded);
  $("clip-length").textContent = say("clip", {seconds: number(secondsOf(recorded), 1)});
  estimate();
}

let taking = null; // the sound that came last

async function take(blob) {
  taking = blob;
  problem($("problem"), "");
  notice(say("converting"));
  let wav;
  try {
    wav = await toWav(blob);
  } catch {
    if (taking === blob) problem($("problem"), say("not_audio"));
    return;
  }
  if (taking !== blob) return;
  recorded = wav;
  await sound.set(wav);
  notice("");
  showClip();
}

let stopRecording = null;
let starting = false; // while the visitor is asked for the microphone

/** Stop a recording that goes on, and take what it has. */
export async function finishRecording() {
  const button = $("record");
  if (!stopRecording) return;
  const stop = stopRecording;
  stopRecording = null;
  button.textContent = say("record");
  button.classList.remove("on");
  $("level-line").hidden = true;
  await take(await stop());
}

async function toggleRecording() {
  const button = $("record");
  if (stopRecording) return finishRecording();
  if (starting) return;
  starting = true;
  try {
    stopRecording = await record((loudness, seconds) => {
      $("level").value = loudness;
      $("recorded").textContent = clock(seconds);
    });
  } catch {
    problem($("problem"), say("no_microphone"));
    return;
  } finally {
    starting = false;
  }
  problem($("problem"), "");
  button.textContent = say("stop");
  button.classList.add("on");
  $("level-line").hidden = false;
  notice(say("recording"));
}

// ---------------------------------------------------------------------------------------------------- wiring

form.addEventListener("input", event => {
  keepDraft();
  if (event.target.name === "avatar" || event.target.name === "emotion") showFace();
  if (event.target.name === "source") showSource();
  else if (["text", "language", "voice"].includes(event.target.name)) estimate();
  if (event.target.name === "voice") offerSample();
});
$("listen").addEventListener("click", toggleListening);
for (const name of ["play", "pause"]) {
  listening.addEventListener(name, () => ($("listen").textContent = say(name === "play" ? "stop" : "listen")));
}
$("record").addEventListener("click", toggleRecording);
$("file").addEventListener("change", () => $("file").files[0] && take($("file").files[0]));
$("clip-remove").addEventListener("click", async () => {
  recorded = null;
  $("file").value = "";
  await sound.clear();
  showClip();
  $("record").focus();
});
// A file may be dropped anywhere: beside the box the browser would open it, and the shop would be gone.
const drop = $("drop");
const carriesFile = event => event.dataTransfer.types.includes("Files");
addEventListener("dragover", event => {
  if (!carriesFile(event)) return;
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", () => drop.classList.remove("over"));
addEventListener("drop", event => {
  if (!carriesFile(event)) return;
  event.preventDefault();
  drop.classList.remove("over");
  if ($("make").hidden) return;
  field("source").value = "audio";
  showSource();
  keepDraft();
  take(event.dataTransfer.files[0]);
});
addEventListener("online", estimate);

/** Show what was composed before. */
export function setUp() {
  restoreDraft();
  showFace();
  watchFaces();
  showSource();
  loadVoices();
  loadCurrencies();
  sound.get().then(kept => {
    recorded = kept ?? null;
    if (recorded) showClip();
  });
}
