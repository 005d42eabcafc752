import { describe, expect, test } from "vitest";
import { count, emptyLevel, type Level } from "../src/counts.ts";
import { cutTree, itemsOf } from "../src/families.ts";
import { lowerNames, matcher, numberOf, type Order, orderRows, parseBound } from "../src/order.ts";
import { cellText } from "../src/views/tableColumns.ts";
import type { Sort } from "../src/wire.ts";
import { smallDataset } from "./study.ts";

const dataset = smallDataset();
const families = cutTree(dataset, 0.7);
const names = lowerNames(dataset, families);
const counts = count(
  dataset,
  {
    ...{ attribution: 0.01, fimoP: 1e-4, seqletP: 0.01, tomtomP: 0.05 },
    sign: "+",
    window: null,
    allowed: null,
  },
  families,
);
const rowsOf = (order: Partial<Order>): number[] => [
  ...orderRows(dataset, counts, names, {
    ...{ _sort: [], _search: "", _filters: {}, _expanded: [], by_family: false },
    ...order,
  }),
];
const by = (column: Sort["column"], descending = true): { _sort: Sort[] } => ({
  _sort: [{ column, descending }],
});

describe("motifs", () => {
  test.each(["count", "sequences", "seqlets"] as const)("sorted by %s fall, ties in file order", (column) => {
    const rows = rowsOf(by(column));
    for (let i = 1; i < rows.length; i++) {
      const [before, after] = [rows[i - 1]!, rows[i]!];
      expect(counts.motifs[column][before]).toBeGreaterThanOrEqual(counts.motifs[column][after]!);
      if (counts.motifs[column][before] === counts.motifs[column][after]) expect(before).toBeLessThan(after);
    }
  });

  test("ties stay in file order also when a column ascends", () => {
    const rows = rowsOf(by("sequences", false));
    for (let i = 1; i < rows.length; i++) {
      const [before, after] = [rows[i - 1]!, rows[i]!];
      expect(counts.motifs.sequences[before]).toBeLessThanOrEqual(counts.motifs.sequences[after]!);
      if (counts.motifs.sequences[before] === counts.motifs.sequences[after])
        expect(before).toBeLessThan(after);
    }
  });

  test("a second column decides where the first is equal", () => {
    const rows = rowsOf({
      _sort: [
        { column: "sequences", descending: true },
        { column: "name", descending: true },
      ],
    });
    for (let i = 1; i < rows.length; i++) {
      const [before, after] = [rows[i - 1]!, rows[i]!];
      if (counts.motifs.sequences[before] === counts.motifs.sequences[after])
        expect(names.motif[before]! > names.motif[after]!).toBe(true);
    }
  });

  test.each([true, false])("missing marginal effects come last, descending %s", (descending) => {
    const effects = rowsOf(by("marginal", descending)).map((m) => dataset.marginal[m]!);
    const nMissing = effects.filter(Number.isNaN).length;
    expect(nMissing).toBe(2);
    expect(effects.slice(-nMissing).every(Number.isNaN)).toBe(true);
    const present = effects.slice(0, -nMissing);
    expect(present).toEqual([...present].sort((a, b) => (descending ? b - a : a - b)));
  });

  test("missing values come last wherever they stand, and a second column decides between them", () => {
    const marginal = Float32Array.from(dataset.marginal, (_, m) =>
      m % 7 === 0 ? Number.NaN : (m * 11) % 40,
    );
    const some = { ...counts, motifs: { ...counts.motifs, marginal } };
    const _sort: Sort[] = [
      { column: "marginal", descending: false },
      { column: "name", descending: true },
    ];
    const order = { _sort, _search: "", _filters: {}, _expanded: [], by_family: false };
    const rows = [...orderRows(dataset, some, names, order)];
    const isMissing = (m: number): boolean => m % 7 === 0;
    const present = [...names.motif.keys()].filter((m) => !isMissing(m));
    const missing = [...names.motif.keys()].filter(isMissing);
    expect(rows).toEqual([
      ...present.sort((a, b) => marginal[a]! - marginal[b]!),
      ...missing.sort((a, b) => (names.motif[a]! > names.motif[b]! ? -1 : 1)),
    ]);
  });

  test("names are compared by code units of their lower-cased text", () => {
    const rows = rowsOf(by("name", false)).map((m) => names.motif[m]!);
    expect(rows).toEqual([...rows].sort());
    const sorted = rowsOf(by("family")).map((m) => names.family[families.labels[m]!]!);
    expect(sorted).toEqual([...sorted].sort().reverse());
  });

  test("a search finds motifs by name and by family, whatever the case", () => {
    const rows = rowsOf({ _search: "gATa" });
    expect(rows.length).toBeGreaterThan(0);
    expect(new Set(rows)).toEqual(
      new Set(
        [...names.motif.keys()].filter((m) =>
          /gata/i.test(`${names.motif[m]} ${names.family[families.labels[m]!]}`),
        ),
      ),
    );
    expect(rowsOf({ _search: "/^(ets|yy1)/" }).length).toBeGreaterThan(0);
    expect(rowsOf({ _search: "no such motif" })).toEqual([]);
  });

  test("a search finds motifs by the name of their family alone", () => {
    const renamed = { ...names, family: names.family.map((_, f) => `kin ${f}.`) };
    const order = { _sort: [], _search: "KIN 3.", _filters: {}, _expanded: [] };
    const members = [...itemsOf(families.members, 3)];
    expect([...orderRows(dataset, counts, renamed, { ...order, by_family: false })]).toEqual(members);
    expect([...orderRows(dataset, counts, renamed, { ...order, by_family: true })]).toEqual([~3]);
  });

  test("a filter keeps rows with such numbers", () => {
    const rows = rowsOf({ _filters: { count: ">= 10", sequences: "< 9" } });
    expect(new Set(rows)).toEqual(
      new Set(
        [...names.motif.keys()].filter(
          (m) => counts.motifs.count[m]! >= 10 && counts.motifs.sequences[m]! < 9,
        ),
      ),
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.length).toBeLessThan(40);
  });
});

describe("Obs/exp", () => {
  const levelOf = (expected: number[], isSum = false): Level => ({
    ...emptyLevel(dataset, families, new Float64Array(40), false),
    count: Float64Array.of(1, 0, 0, 99, 3),
    sequences: Float64Array.of(1, 0, 0, 9, 1),
    expected: Float64Array.from(expected),
    isSum,
  });
  const enrichment = (level: Level): number[] => [0, 1, 2, 3, 4].map((i) => numberOf(level, "enrichment", i));

  test("adds one to both, so that few hits say little", () => {
    expect(enrichment(levelOf([0, 0, 4, 9, Number.NaN]))).toEqual([2, 1, 0.2, 10, Number.NaN]);
  });

  test("of a sum adds what one sequence has", () => {
    expect(enrichment(levelOf([0, 0, 4, 9, 1], true))).toEqual([2, Number.NaN, 0, 5.5, 1.5]);
  });

  test("is a number, a dash where there is nothing at all, or dots until it is known", () => {
    const text = (level: Level, i: number): string => cellText(counts, level, "enrichment", i, "explained");
    const level = levelOf([0, 0, 4, 9, Number.NaN], true);
    expect([0, 1, 2, 3, 4].map((i) => text(level, i))).toEqual(["2.0×", "–", "0×", "5.5×", "–"]);
  });
});

describe("families", () => {
  test("are rows of their own, with members behind those that are expanded", () => {
    const open = families.names[2]!;
    const rows = rowsOf({ ...by("count"), by_family: true, _expanded: [open] });
    const own = rows.filter((row) => row < 0).map((row) => ~row);
    expect(new Set(own).size).toBe(families.names.length);
    const at = rows.indexOf(~2);
    const members = [...itemsOf(families.members, 2)];
    expect(new Set(rows.slice(at + 1, at + 1 + members.length))).toEqual(new Set(members));
    expect(rows.length).toBe(families.names.length + members.length);
    const values = own.map((f) => counts.families.count[f]!);
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });

  test("are found by the name of a member", () => {
    const motif = 17;
    const rows = rowsOf({ by_family: true, _search: names.motif[motif]! });
    expect(rows).toContain(~families.labels[motif]!);
    expect(rows.length).toBeLessThan(families.names.length);
  });
});

describe("what is typed", () => {
  test("matcher reads text, and expressions after a slash", () => {
    expect(["gata1", "tal1", "agata"].map(matcher("GATA")!)).toEqual([true, false, true]);
    expect(["gata1", "tal1", "agata"].map(matcher("/^GATA\\d/")!)).toEqual([true, false, false]);
    // whatever the case of letters, but not of classes
    expect(["gata1", "gata_1"].map(matcher("/^GATA\\D/")!)).toEqual([false, true]);
    expect(matcher("/(/")).toBeNull();
  });

  test("an expression counts while it is typed", () => {
    for (const search of ["/^gat", "/^gat/"])
      expect(["gata1", "agata"].map(matcher(search)!)).toEqual([true, false]);
  });

  test.each([
    ["10", 10, true],
    [">= 10", 9.5, false],
    [">10", 10, false],
    ["< 5", 4, true],
    ["<=1e-3", 0.001, true],
    ["= 3", 3, true],
    [" .5 ", 0.4, false],
  ])("parseBound(%j) of %d is %s", (text, value, expected) => {
    expect(parseBound(text)!(value)).toBe(expected);
  });

  test("parseBound refuses what is no bound", () => {
    for (const text of ["", "ten", "> ", "=> 3", "1 2"]) expect(parseBound(text)).toBeNull();
  });

  test("a missing value passes no filter", () => {
    expect(parseBound(">= 0")!(Number.NaN)).toBe(false);
  });
});
