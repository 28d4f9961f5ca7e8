// The search over the docs: ⌘K, Ctrl-K, / or the link marked data-search, which leads to /search where this fails.
import { make } from "./make.js";
import { prepared, ranked } from "./rank.js";

const MOST = 12;
const INDEX = "/search.json";
const ON_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

export function addSearch() {
  const links = document.querySelectorAll("a[data-search]");
  if (!links.length || !("showModal" in HTMLDialogElement.prototype)) return;
  const search = new Search(links[0].href);
  for (const link of links) {
    link.setAttribute("aria-keyshortcuts", ON_MAC ? "Meta+K" : "Control+K");
    link.append(make("kbd", { "aria-hidden": "true" }, ON_MAC ? "⌘K" : "Ctrl K"));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      search.open();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (isShortcut(event)) {
      event.preventDefault();
      search.open();
    }
  });
}

function isShortcut(event) {
  if (event.key.toLowerCase() === "k") return (ON_MAC ? event.metaKey : event.ctrlKey) && !event.altKey && !event.shiftKey;
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  return event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
}

class Search {
  #index = null; // a promise of the prepared entries, once asked for
  #at = -1; // which result is chosen

  constructor(page) {
    this.page = page;
  }

  open() {
    if (!this.dialog) this.#draw();
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.input.select();
    this.#index ??= load().catch(() => null);
    this.#look();
  }

  #draw() {
    this.input = make("input", {
      type: "search",
      role: "combobox",
      placeholder: "Search the docs",
      "aria-label": "Search the docs",
      "aria-expanded": "false",
      "aria-controls": "found",
      "aria-autocomplete": "list",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      enterkeyhint: "go",
      maxlength: "100",
    });
    this.list = make("div", { id: "found", role: "listbox", "aria-label": "Results" });
    this.said = make("p", { class: "search-said", role: "status" });
    this.all = make("a", { href: this.page }, "All results on a page");
    const close = make("button", { type: "button", class: "plain" }, "Close");
    const keys = make("p", { class: "search-keys" }, this.all);
    const top = make("div", { class: "search-top" }, this.input, close);
    this.dialog = make("dialog", { class: "search", "aria-label": "Search" }, top, this.list, this.said, keys);
    close.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.input.addEventListener("input", () => this.#look());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", () => this.dialog.close()); // a place on this very page loads nothing new
    document.body.append(this.dialog);
  }

  async #look() {
    const typed = this.input.value.trim();
    this.all.href = typed ? `${this.page}?q=${encodeURIComponent(typed)}` : this.page;
    const index = await this.#index;
    if (typed !== this.input.value.trim()) return; // more was typed meanwhile
    if (!index) this.#index = null; // asked again when it is opened next
    this.#show(index ? ranked(index, typed, MOST) : []);
    this.said.textContent = index ? counted(this.list.children.length, typed) : "The index could not be loaded.";
  }

  #show(found) {
    this.list.replaceChildren(...found.map(({ entry }, number) => option(entry, number)));
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.#choose(found.length ? 0 : -1);
  }

  #choose(number) {
    this.list.children[this.#at]?.setAttribute("aria-selected", "false");
    this.#at = number;
    const chosen = this.list.children[number];
    if (!chosen) return this.input.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", chosen.id);
  }

  #key(event) {
    const count = this.list.children.length;
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && count) this.#choose((this.#at + steps[event.key] + count) % count);
    else if (event.key === "Escape") this.dialog.close(); // which a search field would use up to empty itself
    else if (event.key === "Enter") (this.list.children[this.#at] ?? this.all).click();
    else return;
    event.preventDefault();
  }
}

async function load() {
  const answer = await fetch(INDEX, { credentials: "omit" });
  if (!answer.ok) throw new Error(answer.statusText);
  return prepared(await answer.json());
}

function option(entry, number) {
  return make(
    "a",
    { href: entry.url, role: "option", id: `found-${number}`, "aria-selected": "false", tabindex: "-1" },
    make("span", { class: "title" }, entry.title),
    make("span", { class: "tag" }, entry.kind),
    make("span", { class: "where" }, entry.section ?? ""),
  );
}

function counted(count, typed) {
  if (!typed) return "Type a word: an endpoint, a field, an error, a guide.";
  if (!count) return `Nothing for “${typed}”.`;
  return count === 1 ? "1 result" : `${count === MOST ? `The best ${MOST}` : count} results`;
}
