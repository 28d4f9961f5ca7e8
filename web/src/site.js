// On every page. Each part adds something to a page that is whole without it.
import { addCopyButtons } from "./parts/copy.js";
import { bringLiveParts } from "./parts/live.js";
import { sendOnce } from "./parts/once.js";
import { addSearch } from "./parts/search.js";
import { keepTabs } from "./parts/tabs.js";
import { tellLocalTimes } from "./parts/times.js";

const live = document.currentScript?.dataset.live ?? "";

// On a phone the dashboard's menu is wider than the window: the page that is open is brought into sight.
function showWhereOneIs() {
  const here = document.querySelector("nav.tabs [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - (innerWidth - here.offsetWidth) / 2;
}

function improve(root) {
  addCopyButtons(root);
  keepTabs(root);
}

addSearch();
sendOnce();
tellLocalTimes();
improve(document);
addEventListener("load", showWhereOneIs); // once everything has its place anyway
bringLiveParts(live);
document.addEventListener("htmx:load", (event) => improve(event.detail.elt)); // what came in later
