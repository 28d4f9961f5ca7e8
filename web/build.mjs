// Bundles src/*.js, one file each, into the folder named on the command line, with the licences of what is in them.
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
const packages = ["htmx.org", "redoc", "uplot"];
const installed = (path) => join(here, "node_modules", path);

// Redoc shows its maker's logo from its maker's server; we ask no other host for anything. And it is told that there
// are no modules: then it makes itself known as the global Redoc, rather than ask for a package that it has in itself.
const logo = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const nothing = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";
const withoutLogo = {
  name: "without-logo",
  setup(made) {
    made.onLoad({ filter: /redoc\.standalone\.js$/ }, async ({ path }) => {
      const parts = (await readFile(path, "utf8")).split(logo);
      if (parts.length !== 2) throw new Error(`Redoc names its logo ${parts.length - 1} times, not once`);
      const alone = `(function (module, exports, require, define) {${parts.join(nothing)}\n}).call(globalThis);`;
      return { contents: alone, loader: "js" };
    });
  },
};

async function licences() {
  const texts = packages.map(async (name) => {
    const { version } = createRequire(import.meta.url)(installed(`${name}/package.json`));
    return `${name} ${version}\n\n${(await readFile(installed(`${name}/LICENSE`), "utf8")).trim()}\n`;
  });
  const inside = await readFile(installed("redoc/bundles/redoc.standalone.js.LICENSE.txt"), "utf8");
  return [...(await Promise.all(texts)), `What redoc carries in itself\n\n${inside.trim()}\n`].join(`\n${"-".repeat(80)}\n\n`);
}

const sources = (await readdir(join(here, "src"))).filter((name) => name.endsWith(".js"));
await mkdir(out, { recursive: true });
await build({
  entryPoints: sources.map((name) => join(here, "src", name)),
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none", // they stand in LICENSES.txt
  loader: { ".css": "text" }, // for style sheets that a script brings itself
  logLevel: "warning",
  plugins: [withoutLogo],
});
await writeFile(join(out, "LICENSES.txt"), await licences());
