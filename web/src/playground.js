// The playground without leaving the page: the answer comes in beside the form, and the program beside it follows what
// is typed. The form works without this, and is sent as the browser does it whenever something unexpected comes back.
const PAUSE = 400; // milliseconds after the last key stroke
const form = document.querySelector("#play");
const OWN = new Set(["csrf", "do", "once"]); // not for addresses

function fields() {
  return new URLSearchParams(new FormData(form));
}

async function load(address, options) {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("#play") ? page : null; // another page: the session has ended, or the server is down
}

function take(page, ids) {
  for (const id of ids) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old || !fresh) continue;
    old.replaceWith(document.adoptNode(fresh));
    fresh.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: fresh } })); // site.js adds its buttons
  }
}

function busy(is) {
  const button = form.querySelector("#send");
  form.setAttribute("aria-busy", String(is));
  button.disabled = is;
  button.textContent = is ? "Waiting for the answer …" : "Send the request";
}

async function send() {
  const body = fields();
  busy(true);
  const page = await load(form.action, { method: "POST", body }).catch(() => null);
  busy(false);
  if (!page) return form.submit(); // asks once all the same: the form has a name of its own
  form.elements.once.value = page.querySelector("#play").elements.once.value;
  take(page, ["answer", "costs", "code"]);
  showProblem(page);
  const answer = document.querySelector("#answer");
  answer.focus({ preventScroll: true });
  answer.scrollIntoView({ block: "nearest" });
}

// A form that was refused as a whole says so above it, as it would on a page of its own.
function showProblem(page) {
  const main = document.querySelector("#main");
  main.querySelector(":scope > [role=alert]")?.remove();
  const said = page.querySelector("#main > [role=alert]");
  if (said) main.querySelector("h1").after(document.adoptNode(said));
}

let latest = null;

async function follow() {
  latest?.abort();
  latest = new AbortController();
  const asked = new URLSearchParams([...fields()].filter(([name, value]) => value && !OWN.has(name)));
  const page = await load(`${new URL(form.action).pathname}?${asked}`, { signal: latest.signal }).catch(() => null);
  if (page) take(page, ["code"]);
}

if (form) {
  let timer;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    latest?.abort();
    if (form.getAttribute("aria-busy") !== "true") send();
  });
  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (event.target.name !== "key_id") timer = setTimeout(follow, PAUSE);
  });
}
