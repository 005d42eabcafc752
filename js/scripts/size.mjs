// The bundle is stored in every notebook that saves widget state, so its size is a budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

// what it weighs, rounded up: a feature that adds bytes saves them elsewhere, or says here that it is worth more
const BUDGET = 55_800;
const bundle = new URL("../../nbmotif/widget/static/widget.js", import.meta.url);
const bytes = readFileSync(bundle);
const gzipped = gzipSync(bytes, { level: 9 }).length;
console.log(`widget.js: ${bytes.length} bytes, ${gzipped} gzipped (budget ${BUDGET})`);
if (gzipped > BUDGET) {
  console.error(`widget.js is ${gzipped - BUDGET} bytes over its budget.`);
  process.exitCode = 1;
}
