// A style sheet that a script brings itself: no inline style, which the policy forbids, and no further file.
export function bringRules(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
