// Tabs are radio inputs and work without this; here the language chosen last is chosen again on other pages.
const KEPT = "clipmeter.language";
const TABS = ".tabs input[type=radio]";

export function keepTabs(root) {
  const inputs = root.querySelectorAll(TABS);
  if (!inputs.length) return;
  choose(root, read());
  for (const input of inputs) {
    input.addEventListener("change", () => {
      write(input.value);
      choose(document, input.value);
    });
  }
}

function choose(root, value) {
  if (!value) return;
  for (const input of root.querySelectorAll(TABS)) if (input.value === value) input.checked = true;
}

function read() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage may be forbidden
  }
}

function write(value) {
  try {
    localStorage.setItem(KEPT, value);
  } catch {
    // then it is chosen for this page only
  }
}
