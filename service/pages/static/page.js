// What every page does: the switch of languages, short notices, copying, downloads.

import {language} from "./store.js";
import {lang} from "./words.js";

export const $ = id => document.getElementById(id);

/** Tell something in passing, to eyes and to screen readers. */
let fading;
export function notice(text) {
  $("toast").textContent = text;
  clearTimeout(fading);
  fading = setTimeout(() => ($("toast").textContent = ""), 4000);
}

export async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea"); // without TLS there is no clipboard
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  notice(told);
}

/** Name a video by what is said in it. */
export function fileName(words) {
  const some = words.normalize("NFC").match(/[\p{L}\p{N}]+/gu) ?? [];
  let name = "";
  for (const word of some) {
    if (`${name}-${word}`.length > 44) break;
    name += `-${word}`;
  }
  return `satspeak${name}.mp4`;
}

/** Show a problem beside what caused it; empty hides it. */
export function problem(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

/** Have a link save a video. A private one is fetched first, with its token in a header. */
export function offerDownload(link, order, name, fetchPrivately, query = "") {
  link.hidden = false;
  link.download = name;
  if (!order.claim) {
    link.href = `/lightning/video/${order.invoice}${query}`;
    return;
  }
  link.href = "#";
  link.onclick = async event => {
    if (link.href.startsWith("blob:")) return;
    event.preventDefault();
    try {
      link.href = URL.createObjectURL(await (await fetchPrivately(order, query)).blob());
      link.click();
    } catch (error) {
      notice(error.message);
    }
  };
}

const chooser = $("lang");
const remembered = language.get();
const offered = [...chooser.options].map(option => option.value);
const address = new URL(location);
if (!address.searchParams.has("lang") && remembered !== lang && offered.includes(remembered)) {
  address.searchParams.set("lang", remembered);
  location.replace(address);
}
chooser.addEventListener("change", () => {
  language.set(chooser.value);
  address.searchParams.set("lang", chooser.value);
  location.assign(address);
});
