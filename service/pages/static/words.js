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

/** An amount of US dollars, to the thousandth of a cent where it is that small. */
export function dollars(value) {
  const digits = value >= 1 ? 2 : value >= 0.01 ? 3 : 5;
  const format = {style: "currency", currency: "USD", maximumFractionDigits: digits, minimumFractionDigits: 2};
  return new Intl.NumberFormat(lang, format).format(value);
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
