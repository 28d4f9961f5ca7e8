// The API reference at /docs/api: <div id="reference" data-openapi="/openapi.json">, drawn by Redoc in the site's colours.
import "redoc/bundles/redoc.standalone.js";
import rules from "./parts/reference.css";
import { bringRules } from "./parts/rules.js";
import { themeOf } from "./parts/theme.js";

const place = document.querySelector("#reference");
const narrow = matchMedia("(max-width: 50rem)");
const dark = matchMedia("(prefers-color-scheme: dark)");

function options() {
  return {
    theme: themeOf(getComputedStyle(document.body), narrow.matches),
    disableSearch: true, // the site's own search is on every page
    hideDownloadButton: true,
    nativeScrollbars: true,
    expandResponses: "200",
    hideSchemaTitles: true,
    scrollYOffset: () => 0,
  };
}

async function draw() {
  const answer = await fetch(place.dataset.openapi, { credentials: "omit" });
  const described = await answer.json();
  bringRules(rules);
  const show = () => globalThis.Redoc.init(described, options(), place, mend);
  show();
  dark.addEventListener("change", show);
}

// What Redoc's HTML lacks for screen readers: headings without gaps between their levels, names of its buttons.
function mend() {
  for (const heading of place.querySelectorAll("h5")) heading.setAttribute("aria-level", "3");
}

if (place) draw();
