// What this browser remembers: the draft, the order under way, what was bought. Sound is kept in IndexedDB.

const unkept = new Map(); // what the browser would not keep: a full one, or one that keeps nothing, still buys

const read = (key, otherwise) => {
  if (unkept.has(key)) return unkept.get(key) ?? otherwise;
  try {
    return JSON.parse(localStorage.getItem(`satspeak.${key}`)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

const write = (key, value) => {
  try {
    if (value === null) localStorage.removeItem(`satspeak.${key}`);
    else localStorage.setItem(`satspeak.${key}`, JSON.stringify(value));
    unkept.delete(key);
  } catch {
    unkept.set(key, value);
  }
};

/** The language that was chosen by hand. */
export const language = {get: () => read("lang", null), set: value => write("lang", value)};

/** The currency that prices are read in. */
export const currency = {get: () => read("currency", "USD"), set: value => write("currency", value)};

/** Whether faces move: true or false once it was said on the page. */
export const motion = {get: () => read("motion", null), set: value => write("motion", value)};

const MOST = 100; // orders, of which those that nobody paid go first: the others may be owed a refund

const unpaid = order => ["pending", "expired", "canceled"].includes(order.state);

export const draft = {get: () => read("draft", {}), set: value => write("draft", value)};

/** The request that is on its way: sent again with the same key it gets the same invoice. */
export const asking = {get: () => read("asking", null), set: value => write("asking", value)};

/** The invoice of the order that is shown; null while something is being composed. */
export const current = {get: () => read("current", null), set: value => write("current", value)};

export const orders = {
  all: () => read("orders", []),
  get: invoice => read("orders", []).find(order => order.invoice === invoice) ?? null,
  put(order) {
    const others = read("orders", []).filter(each => each.invoice !== order.invoice);
    const all = [order, ...others];
    const oldest = all.findLastIndex(unpaid);
    if (all.length > MOST) all.splice(oldest > 0 ? oldest : MOST, 1);
    write("orders", all);
  },
  change(invoice, facts) {
    write("orders", read("orders", []).map(each => (each.invoice === invoice ? {...each, ...facts} : each)));
  },
  clear: () => write("orders", null),
};

function database() {
  return new Promise((done, fail) => {
    const opening = indexedDB.open("satspeak", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("sound");
    opening.onsuccess = () => done(opening.result);
    opening.onerror = () => fail(opening.error);
  });
}

async function within(mode, work) {
  try {
    const opened = await database();
    return await new Promise((done, fail) => {
      const moving = opened.transaction("sound", mode);
      const request = work(moving.objectStore("sound"));
      moving.oncomplete = () => done(request.result);
      moving.onerror = moving.onabort = () => fail(moving.error);
    });
  } catch {
    return undefined; // private windows of some browsers have none
  }
}

export const sound = {
  get: () => within("readonly", store => store.get("draft")),
  set: blob => within("readwrite", store => store.put(blob, "draft")),
  clear: () => within("readwrite", store => store.delete("draft")),
};
