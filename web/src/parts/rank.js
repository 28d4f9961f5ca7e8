// Which entries of the index answer to what was typed, best first. An entry: {url, title, section, text, kind}.
const LONGEST = 100;
const KINDS = { page: 4, guide: 3, error: 3, parameter: 2, field: 1 }; // what comes first of things that fit alike

export function wordsOf(text) {
  return text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").match(/[\p{L}\p{N}]+/gu) ?? [];
}

// Prepared once, so that each key stroke only compares.
export function prepared(entries) {
  return entries.map((entry) => ({
    entry,
    title: wordsOf(entry.title),
    section: wordsOf(`${entry.section ?? ""} ${entry.kind ?? ""}`),
    text: wordsOf(entry.text ?? ""),
  }));
}

export function ranked(all, typed, most) {
  const words = wordsOf(typed.slice(0, LONGEST));
  if (!words.length) return [];
  const found = [];
  for (const one of all) {
    const score = scoreOf(one, words);
    if (score > 0) found.push({ entry: one.entry, score });
  }
  return found.sort((a, b) => b.score - a.score || weight(b) - weight(a)).slice(0, most);
}

function weight({ entry }) {
  return (KINDS[entry.kind] ?? 0) - entry.title.length / 1_000;
}

// Every word must be found; 0 where one is not.
function scoreOf(one, words) {
  let score = one.title.join(" ") === words.join(" ") ? 100 : 0;
  if (one.title.join(" ").startsWith(words.join(" "))) score += 30;
  for (const word of words) {
    const best = Math.max(10 * fit(one.title, word), 4 * fit(one.section, word), fit(one.text, word));
    if (!best) return 0;
    score += best;
  }
  return score;
}

// 4: a word of it; 3: the first letters of one; 1: the middle of one; 0: none.
function fit(within, word) {
  let best = 0;
  for (const one of within) {
    if (one === word) return 4;
    if (one.startsWith(word)) best = 3;
    else if (best < 1 && word.length > 2 && one.includes(word)) best = 1;
  }
  return best;
}
