// The faces to choose from. Each one that is in view idles, in the chosen emotion, over its picture. Films are loaded one
// at a time, so that no price has to wait for them, and play only while they can be seen.

import {$} from "./page.js";
import {motion} from "./store.js";
import {say} from "./words.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const faces = [...document.querySelectorAll(".grid label")];
const inView = new Set();
let emotion = null; // the chosen one
let loading = false;

/** Whether faces move: as the visitor said on this page, else as the system and the browser say. */
const moves = () => motion.get() ?? !(calm.matches || navigator.connection?.saveData);

/** Where the pictures of a face are, in the chosen emotion if it has that. */
function folder(input) {
  const able = input.dataset.emotions.split(" ");
  return `/avatars/${input.value}/${able.includes(emotion) ? emotion : able[0]}`;
}

function makeFilm() {
  const film = document.createElement("video");
  film.muted = film.loop = film.playsInline = film.disableRemotePlayback = true;
  film.tabIndex = -1;
  film.ariaHidden = "true";
  return film;
}

/** Load a film and play it; over once that is done, or cannot be done now. */
function play(film, address) {
  return new Promise(done => {
    for (const event of ["canplay", "suspend", "error"]) film.addEventListener(event, done, {once: true});
    film.src = address;
    film.play().catch(done);
  });
}

/** Load the films that are missing in view, one after another. */
async function load() {
  if (loading) return;
  loading = true;
  for (;;) {
    const missing = face => inView.has(face) && face.dataset.film !== folder(face.control);
    const face = moves() && faces.find(missing);
    if (!face) break;
    face.dataset.film = folder(face.control); // also of one that fails: it is not asked for again and again
    if (!face.querySelector("video")) face.querySelector("img").after(makeFilm());
    const film = face.querySelector("video");
    await play(film, `${face.dataset.film}/idle.mp4`);
    if (!moving(face)) film.pause();
  }
  loading = false;
}

const moving = face => moves() && inView.has(face);

/** Play or hold a film that is there. */
function turn(face) {
  const film = face.querySelector("video");
  if (!film) return;
  if (moving(face)) film.play().catch(() => {});
  else film.pause();
}

const watching = new IntersectionObserver(seen => {
  for (const {target, isIntersecting} of seen) {
    if (isIntersecting) inView.add(target);
    else inView.delete(target);
    turn(target);
  }
  load();
}, {threshold: 0.5});

/** Show the chosen face large: its picture at once, and over it its film once there is one, if it may move. */
function showLarge() {
  const from = folder(document.querySelector('input[name="avatar"]:checked'));
  const film = $("idle");
  if (!$("face").src.endsWith(`${from}/portrait.jpg`)) $("face").src = `${from}/portrait.jpg`;
  if (!film.src.endsWith(`${from}/idle.mp4`)) film.hidden = true;
  if (!film.hidden || !moves()) return turn(film.parentElement);
  film.oncanplay = () => {
    film.hidden = false;
    turn(film.parentElement);
  };
  film.src = `${from}/idle.mp4`;
}

function offerToStop() {
  $("motion").ariaLabel = $("motion").title = say(moves() ? "hold_still" : "let_move");
  $("motion").classList.toggle("still", !moves());
}

/** Show the faces, and the chosen one large, in an emotion. */
export function showFaces(chosen) {
  emotion = chosen;
  for (const face of faces) {
    const picture = face.querySelector("img");
    const address = `${folder(face.control)}/portrait.jpg`;
    if (!picture.src.endsWith(address)) picture.src = address;
  }
  showLarge();
  load();
}

/** Begin, once everything else of the page is there. */
export function watchFaces() {
  const begin = () => faces.forEach(face => watching.observe(face));
  watching.observe($("idle").parentElement);
  const change = () => {
    offerToStop();
    faces.forEach(turn);
    showLarge();
    load();
  };
  offerToStop();
  $("motion").hidden = false;
  $("motion").addEventListener("click", () => {
    motion.set(!moves());
    change();
  });
  calm.addEventListener("change", change);
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin);
}
