// Redoc's colours from the site's own, as they are in the scheme at hand. Redoc computes with them: they must be sRGB.
export function themeOf(styles) {
  const colour = (name) => styles.getPropertyValue(name).trim();
  const [ink, soft, paper, sunk, line] = ["--ink", "--soft", "--paper", "--sunk", "--line"].map(colour);
  const [deed, good, bad, note] = ["--deed", "--good", "--bad", "--note"].map(colour);
  const sans = styles.fontFamily || "system-ui, sans-serif";
  const mono = colour("--mono");
  return {
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
        success: { color: good, backgroundColor: colour("--good-ground"), tabTextColor: good },
        error: { color: bad, backgroundColor: colour("--bad-ground"), tabTextColor: bad },
        redirect: { color: note, backgroundColor: colour("--note-ground"), tabTextColor: note },
        info: { color: deed, backgroundColor: colour("--deed-ground"), tabTextColor: deed },
      },
    },
    schema: { linesColor: line, typeNameColor: soft, typeTitleColor: ink, requireLabelColor: bad, nestedBackground: sunk },
    typography: {
      fontFamily: sans,
      fontSize: "1rem",
      headings: { fontFamily: sans, fontWeight: "600" },
      code: { fontFamily: mono, color: ink, backgroundColor: sunk },
      links: { color: deed, visited: deed, hover: deed },
    },
    sidebar: { backgroundColor: sunk, textColor: ink, activeTextColor: deed },
    rightPanel: { backgroundColor: sunk, textColor: ink },
    codeBlock: { backgroundColor: paper },
  };
}
