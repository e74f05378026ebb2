// The words that the server chose for this visitor, and numbers as they are written in that language.

const told = JSON.parse(document.getElementById("words").textContent);

export const lang = told.lang;
export const avatars = told.avatars;

/** Say something; what stands in braces is filled in. An unknown key is "", so that callers can fall back. */
export function say(key, facts = {}) {
  return (told[key] ?? "").replace(/\{(\w+)\}/g, (_, name) => facts[name] ?? "");
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(lang, {minimumFractionDigits: digits, maximumFractionDigits: digits}).format(value);

export const sats = amount => say(amount === 1 ? "price_one" : "price", {sats: number(amount)});

let shownIn = {code: "USD", perUsd: 1};

/** Show amounts of money in a currency from now on. */
export function showMoneyIn(code, perUsd) {
  shownIn = {code, perUsd};
}

/** An amount of US dollars in the chosen currency, to the thousandth of a cent where it is that small. */
export function money(usd) {
  const value = usd * shownIn.perUsd;
  const style = {style: "currency", currency: shownIn.code};
  const usual = new Intl.NumberFormat(lang, style).resolvedOptions().maximumFractionDigits;
  const digits = value >= 1 ? usual : value >= 0.01 ? Math.max(usual, 3) : 5;
  return new Intl.NumberFormat(lang, {...style, minimumFractionDigits: usual, maximumFractionDigits: digits}).format(value);
}

export function currencyName(code) {
  try {
    return new Intl.DisplayNames(lang, {type: "currency"}).of(code) ?? code;
  } catch {
    return code;
  }
}

export function languageName(code) {
  try {
    return new Intl.DisplayNames(lang, {type: "language"}).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Minutes and seconds, or seconds alone. */
export function clock(seconds) {
  const whole = Math.max(Math.floor(seconds), 0);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
