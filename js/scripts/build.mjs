// Bundles src/widget.ts into the Python package. Output depends on the sources alone, so that a rebuild can be
// compared byte for byte with the committed bundle: with --out FILE it is written there, relative to js/, and that one is
// left alone. With --dev it also builds the page that shows fake data.
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, transform } from "esbuild";
import { minify } from "terser";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** styles.css as a minified string: the style travels inside the one bundle, also into shadow roots. */
const cssText = {
  name: "css-text",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), {
        loader: "css",
        minify: true,
        target: "es2022",
      });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  // libraries offer browsers an older and longer syntax
  platform: "neutral",
  // createElement(type, props, child, child) is shorter than the calls that TypeScript checks, which name the children
  jsxFactory: "createElement",
  jsxFragment: "Fragment",
  inject: [fileURLToPath(import.meta.resolve("preact"))],
  tsconfigRaw: { compilerOptions: { jsx: "react", useDefineForClassFields: true } },
  // what names signals for a browser extension
  define: { "window.__PREACT_SIGNALS_DEVTOOLS__": "false" },
  charset: "utf8",
  legalComments: "none",
  plugins: [cssText],
};

const { values: options } = parseArgs({
  options: {
    dev: { type: "boolean", default: false },
    out: { type: "string", default: "../nbmotif/widget/static/widget.js" },
  },
});
const outfile = resolve(root, options.out);
const { outputFiles } = await build({
  ...shared,
  entryPoints: ["src/widget.ts"],
  outfile,
  minify: true,
  write: false,
});
const bundled = outputFiles[0].text;
// our own names are camelCase, those of traits and messages are not; terser knows the browser's, but not attributes;
// and what is looked up by its text must keep it
const OWN = /^(?!on[A-Z])[a-z]+[A-Z]\w*$/;
const texts = Array.from(bundled.matchAll(/["'`](\w+)["'`]/g), ([, text]) => text).filter((text) =>
  OWN.test(text),
);
const properties = { regex: OWN, reserved: [...texts, "jpThemeLight", "vscodeThemeKind"] };
// a second opinion: it knows across statements what esbuild looks at one by one, worth 4 % of what is sent
const { code } = await minify(bundled, {
  module: true,
  ecma: 2020,
  mangle: { properties },
  // nobody redefines what JavaScript brings along, or makes objects by a function expression; comparisons that stay as
  // they are written, x === null, repeat each other more often
  compress: {
    passes: 6,
    keep_fargs: false,
    lhs_constants: false,
    unsafe: true,
    unsafe_arrows: true,
    unsafe_methods: true,
  },
  // a text of one byte per character: each widget that a notebook keeps holds it, in the kernel and in the browser
  format: { comments: false, ascii_only: true },
});
await writeFile(outfile, `${code}\n`);

if (options.dev) {
  await build({ ...shared, entryPoints: ["dev/page.ts"], outfile: join(root, "build/page.js") });
}
