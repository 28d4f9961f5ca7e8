// Loads live.js (htmx) where something on the page asks for it.
const USES = "[hx-get], [hx-post], [hx-delete], [hx-put], [hx-patch]";

export function bringLiveParts(address) {
  if (!address || !document.querySelector(USES)) return;
  const script = document.createElement("script");
  script.src = address;
  document.head.append(script);
}
