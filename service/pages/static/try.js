// The page of the API: each request can be sent to this very service.

const LONGEST_TEXT = 20_000; // characters that are shown of an answer

const pieces = form => [...form.querySelectorAll("[data-in]")].filter(each => each.value || each.files?.length);

/** What a form asks for, as `fetch` takes it. */
export function requestOf(form, key) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = {};
  let body;
  for (const each of pieces(form)) {
    switch (each.dataset.in) {
      case "path":
        path = path.replace(`{${each.name}}`, encodeURIComponent(each.value));
        break;
      case "query":
        query.set(each.name, each.value);
        break;
      case "header":
        headers[each.name] = each.value;
        break;
      case "json":
        body = each.value;
        headers["Content-Type"] = "application/json";
        break;
      case "form":
        body ??= new FormData();
        body.append(each.name, each.files ? each.files[0] : each.value);
    }
  }
  if (key && "key" in form.dataset) headers.Authorization = `Bearer ${key}`;
  const asked = query.size ? `?${query}` : "";
  return [path + asked, {method: form.dataset.method, headers, body, credentials: "omit"}];
}

async function send(form) {
  const [answered, button] = [form.querySelector(".answer"), form.querySelector("button")];
  if (form.stop) {
    form.stop.abort();
    return;
  }
  form.stop = new AbortController();
  button.textContent = "Stop";
  answered.replaceChildren();
  const status = answered.appendChild(document.createElement("p"));
  try {
    const [path, options] = requestOf(form, document.getElementById("key").value.trim());
    const answer = await fetch(path, {...options, signal: form.stop.signal});
    status.textContent = `${answer.status} ${answer.statusText}`.trim();
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    shown(answered, "pre").textContent = headers;
    await show(answered, answer);
  } catch (error) {
    status.textContent = form.stop.signal.aborted ? `${status.textContent} Stopped.`.trim() : error.message;
  } finally {
    form.stop = null;
    button.textContent = "Send";
  }
}

function shown(answered, kind) {
  const element = answered.appendChild(document.createElement(kind));
  if (kind === "pre") element.tabIndex = 0;
  return element;
}

/** Show what came: text as it comes, also a stream of events; pictures, sound and films once they are there. */
async function show(answered, answer) {
  const [kind] = (answer.headers.get("Content-Type") ?? "").split(";");
  const media = {image: "img", video: "video", audio: "audio"}[kind.split("/")[0]];
  if (media) {
    const content = await answer.blob();
    const element = shown(answered, media);
    if (media === "img") element.alt = "What the service answered";
    else element.controls = true;
    element.src = URL.createObjectURL(content);
    return;
  }
  const text = shown(answered, "pre");
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    text.textContent = (text.textContent + part.value).slice(0, LONGEST_TEXT);
  }
  if (/[/+]json$/.test(kind)) {
    try {
      text.textContent = JSON.stringify(JSON.parse(text.textContent), null, 2);
    } catch {
      // too long to be shown whole
    }
  }
}

for (const form of document.querySelectorAll("form.try")) {
  form.hidden = false;
  form.addEventListener("submit", event => {
    event.preventDefault();
    send(form);
  });
}
document.getElementById("key-part").hidden = false;
