// On every page. Each part adds something to a page that is whole without it.
import { addCopyButtons } from "./parts/copy.js";
import { bringLiveParts } from "./parts/live.js";
import { sendOnce } from "./parts/once.js";
import { addSearch } from "./parts/search.js";
import { keepTabs } from "./parts/tabs.js";
import { tellLocalTimes } from "./parts/times.js";

const live = document.currentScript?.dataset.live ?? "";

function improve(root) {
  addCopyButtons(root);
  keepTabs(root);
  tellLocalTimes(root);
}

addSearch();
sendOnce();
improve(document);
bringLiveParts(live);
document.addEventListener("htmx:load", (event) => improve(event.detail.elt)); // what came in later
