// <button class="copy" data-copy="#id" hidden>: copies the text of what it names.
const SHOWN = 2_000; // milliseconds for which the button says what it did

export function addCopyButtons(root) {
  for (const button of root.querySelectorAll("button[data-copy][hidden]")) {
    button.hidden = false;
    button.type = "button";
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const from = document.querySelector(button.dataset.copy);
  if (!from || button.classList.contains("done")) return;
  const copied = await put(textOf(from), from);
  tell(button, copied ? "Copied" : "Press Ctrl-C");
}

function textOf(element) {
  return "value" in element ? element.value : element.textContent.replace(/\n$/, "");
}

async function put(text, from) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(from); // no clipboard without https: then it is ready to be copied by hand
    return false;
  }
}

function tell(button, words) {
  const label = button.textContent;
  const named = button.getAttribute("aria-label");
  button.classList.add("done");
  button.textContent = words;
  if (named) button.setAttribute("aria-label", words);
  announce(words);
  setTimeout(() => {
    button.classList.remove("done");
    button.textContent = label;
    if (named) button.setAttribute("aria-label", named);
  }, SHOWN);
}

function announce(words) {
  const place = document.querySelector("#said-by-script") ?? document.body.appendChild(newPlace());
  place.textContent = "";
  setTimeout(() => (place.textContent = words), 50); // a change is heard, the same words again are not
}

function newPlace() {
  const place = document.createElement("p");
  place.id = "said-by-script";
  place.className = "unseen";
  place.setAttribute("role", "status");
  return place;
}
