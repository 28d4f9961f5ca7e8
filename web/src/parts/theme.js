// Redoc's colours from the site's own, as they are in the scheme at hand. Redoc computes with them: they must be sRGB.
// Its panel of samples stays dark in both.
const PANEL = { back: "#16191d", block: "#0d0f11", text: "#e8eaed" };

export function themeOf(styles, narrow) {
  const colour = (name) => styles.getPropertyValue(name).trim();
  const [ink, soft, paper, sunk, line] = ["--ink", "--soft", "--paper", "--sunk", "--line"].map(colour);
  const [deed, good, bad, note] = ["--deed", "--good", "--bad", "--note"].map(colour);
  const answers = (name, text) => ({ color: text, backgroundColor: colour(`--${name}-ground`), tabTextColor: text });
  return {
    spacing: { unit: 5, sectionHorizontal: narrow ? 20 : 32, sectionVertical: 20 },
    colors: {
      tonalOffset: 0.2,
      primary: { main: deed },
      success: { main: good },
      warning: { main: note, contrastText: paper },
      error: { main: bad },
      gray: { 50: sunk, 100: line },
      border: { light: line, dark: line },
      text: { primary: ink, secondary: soft },
      responses: {
        success: answers("good", good),
        error: answers("bad", bad),
        redirect: answers("note", note),
        info: answers("deed", deed),
      },
    },
    schema: {
      linesColor: line,
      typeNameColor: soft,
      typeTitleColor: soft,
      requireLabelColor: bad,
      nestedBackground: sunk,
      labelsTextSize: "0.92em",
    },
    typography: {
      fontFamily: styles.fontFamily,
      fontSize: "0.97rem",
      lineHeight: "1.55",
      headings: { fontFamily: styles.fontFamily, fontWeight: "650", lineHeight: "1.3" },
      code: { fontFamily: colour("--mono"), color: ink, backgroundColor: sunk, fontSize: "0.86rem" },
      links: { color: deed, visited: deed, hover: deed },
    },
    sidebar: { backgroundColor: paper, textColor: ink, activeTextColor: deed, width: "230px" },
    rightPanel: { backgroundColor: PANEL.back, textColor: PANEL.text, width: "38%" },
    codeBlock: { backgroundColor: PANEL.block },
  };
}
