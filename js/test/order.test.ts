import { expect, test } from "vitest";
import { count } from "../src/counts.ts";
import { lowerNames, orderRows } from "../src/order.ts";
import type { Sort, SortColumn } from "../src/wire.ts";
import { smallDataset } from "./study.ts";

const dataset = smallDataset();
const names = lowerNames(dataset);
const counts = count(dataset, { attribution: 0.01, fimoP: 1e-4, seqletP: 0.01, tomtomP: 0.05, sign: "+" });
const order = (column: SortColumn, descending: boolean, search = ""): number[] => [
  ...orderRows(dataset, counts, names, { column, descending } satisfies Sort, search),
];

test.each(["hits", "sequences", "seqlets"] as const)(
  "rows sorted by %s fall, ties in file order",
  (column) => {
    const rows = order(column, true);
    for (let i = 1; i < rows.length; i++) {
      const [before, after] = [rows[i - 1]!, rows[i]!];
      expect(counts[column][before]).toBeGreaterThanOrEqual(counts[column][after]);
      if (counts[column][before] === counts[column][after]) expect(before).toBeLessThan(after);
    }
  },
);

test("ties stay in file order also when a column ascends", () => {
  const rows = order("sequences", false);
  for (let i = 1; i < rows.length; i++) {
    const [before, after] = [rows[i - 1]!, rows[i]!];
    expect(counts.sequences[before]).toBeLessThanOrEqual(counts.sequences[after]);
    if (counts.sequences[before] === counts.sequences[after]) expect(before).toBeLessThan(after);
  }
});

test.each([true, false])("missing marginal effects come last, descending %s", (descending) => {
  const effects = order("marginal", descending).map((m) => dataset.marginal[m]!);
  const nMissing = effects.filter(Number.isNaN).length;
  expect(nMissing).toBe(2);
  expect(effects.slice(-nMissing).every(Number.isNaN)).toBe(true);
  const present = effects.slice(0, -nMissing);
  expect(present).toEqual([...present].sort((a, b) => (descending ? b - a : a - b)));
});

test("names are compared by code units of their lower-cased text", () => {
  const rows = order("name", false).map((m) => names.motif[m]!);
  expect(rows).toEqual([...rows].sort());
  const families = order("family", true).map((m) => names.family[m]!);
  expect(families).toEqual([...families].sort().reverse());
});

test("a search finds motifs by name and by family, whatever the case", () => {
  const rows = order("hits", true, "gATa");
  expect(rows.length).toBeGreaterThan(0);
  expect(new Set(rows)).toEqual(
    new Set([...names.motif.keys()].filter((m) => /gata/i.test(`${names.motif[m]} ${names.family[m]}`))),
  );
  expect(order("hits", true, "ap-1").length).toBeGreaterThan(0);
  expect(order("hits", true, "no such motif")).toEqual([]);
});
