// htmx, for the pages that have parts which change while one looks on; site.js brings it there.
import htmx from "htmx.org";

Object.assign(htmx.config, {
  allowEval: false, // the content security policy forbids it anyway
  includeIndicatorStyles: false, // they would be inline; ours stand in the style sheet
  historyCacheSize: 0, // pages of an account are not kept in the browser
  selfRequestsOnly: true,
});

// It comes after the page is whole, so the event that htmx waits for may be over.
htmx.process(document.body);
