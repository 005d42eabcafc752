import { describe, expect, test } from "vitest";
import {
  attributionPasses,
  type Counts,
  count,
  hitPasses,
  lowerBound,
  type Thresholds,
} from "../src/counts.ts";
import type { Dataset } from "../src/dataset.ts";
import { cutTree, itemsOf } from "../src/families.ts";
import type { CountMode, Sign } from "../src/wire.ts";
import { byHand, hitColumns, oneOf, smallDataset, toColumns, toDataset } from "./study.ts";
import { makeStudy, random } from "./synthetic.ts";

const MODES: CountMode[] = ["hits", "sites", "exclusive", "sequences", "explained"];

/** The hits that pass, found by looking at each. */
function passing(dataset: Dataset, t: Thresholds): number[] {
  const { hits } = dataset;
  return [...hits.motif.keys()].filter((h) => {
    const a = hits.attribution[h]!;
    const limit = Math.fround(t.attribution);
    const [s, from, to] = [hits.sequence[h]!, hits.start[h]!, dataset.hitEnd(h)];
    return (
      dataset.hitP(h) < t.fimoP &&
      (t.sign === "+" ? a > limit : t.sign === "-" ? a < -limit : Math.abs(a) > limit) &&
      (!t.allowed || t.allowed[s] === 1) &&
      (!t.window || (from >= t.window[0] && to <= t.window[1]))
    );
  });
}

/** One group's number by the words that define it. */
function define(
  dataset: Dataset,
  hits: number[],
  mode: CountMode,
  won: ReadonlySet<number>,
  isMotif: boolean,
): number {
  const { sequence, start, attribution } = dataset.hits;
  const places = hits.map((h) => [sequence[h]!, start[h]!, dataset.hitEnd(h)] as const);
  if (mode === "hits") return isMotif ? hits.length : new Set(places.map(String)).size;
  if (mode === "sequences") return new Set(places.map(([s]) => s)).size;
  if (mode === "exclusive") return hits.filter((h) => won.has(h)).length;
  // sites are what remains connected by overlaps
  const site = hits.map((_, i) => i);
  const root = (i: number): number => (site[i] === i ? i : root(site[i]!));
  places.forEach(([s, from, to], i) => {
    places.slice(0, i).forEach(([other, a, b], j) => {
      if (s === other && from < b && a < to) site[root(i)] = root(j);
    });
  });
  if (mode === "sites") return new Set(hits.map((_, i) => root(i))).size;
  const strongest = new Map<number, number>();
  hits.forEach((h, i) => {
    const units = Math.floor(Math.abs(attribution[h]!) / dataset.manifest.unit + 0.5);
    strongest.set(root(i), Math.max(strongest.get(root(i)) ?? 0, units));
  });
  return [...strongest.values()].reduce((a, b) => a + b, 0) * dataset.manifest.unit;
}

/** The strongest hit wins its place, then the strongest that overlaps no winner, and so on. */
function exclusive(dataset: Dataset, hits: number[]): Set<number> {
  const { sequence, start, attribution, motif } = dataset.hits;
  const strength = (h: number): number =>
    Math.abs(attribution[h]!) / Math.sqrt(dataset.motifWidth[motif[h]!]!);
  const won: number[] = [];
  const order = [...hits].sort(
    (a, b) =>
      strength(b) - strength(a) ||
      dataset.hitP(a) - dataset.hitP(b) ||
      dataset.motifRank[motif[a]!]! - dataset.motifRank[motif[b]!]! ||
      a - b,
  );
  for (const h of order) {
    const isFree = won.every(
      (w) => sequence[w] !== sequence[h] || start[h]! >= dataset.hitEnd(w) || start[w]! >= dataset.hitEnd(h),
    );
    if (isFree) won.push(h);
  }
  return new Set(won);
}

/** The motif of each seqlet that counts, -1 without a match. */
function assigned(dataset: Dataset, t: Thresholds): number[] {
  const { p, attribution, motif, tomtomP, sequence, start, end } = dataset.seqlets;
  return [...p.keys()]
    .filter(
      (q) =>
        p[q]! < t.seqletP &&
        (t.sign === "both" || (t.sign === "+" ? attribution[q]! > 0 : attribution[q]! < 0)) &&
        (!t.allowed || t.allowed[sequence[q]!] === 1) &&
        (!t.window || (start[q]! >= t.window[0] && end[q]! <= t.window[1])),
    )
    .map((q) => (tomtomP[q]! < t.tomtomP ? motif[q]! : -1));
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

const OPEN: Thresholds = {
  ...{ attribution: 0.01, fimoP: 1e-5, seqletP: 0.01, tomtomP: 0.1 },
  ...{ sign: "both", window: null, allowed: null },
};

describe("count", () => {
  test.each(MODES)(
    "%s: equals the definition on a random walk of thresholds, windows and filters",
    (mode) => {
      const dataset = smallDataset();
      const next = random(MODES.indexOf(mode) + 1);
      const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
      const someOf = () => Uint8Array.from({ length: 12 }, () => Number(next() < 0.6));
      const { attribution } = dataset.hits;
      let before: Thresholds | undefined;
      for (let step = 0; step < 120; step++) {
        const from = Math.floor(250 * next());
        const fresh: Thresholds = {
          // exact values of hits and seqlets among them: the comparisons must be strict
          attribution: next() < 0.3 ? Math.abs(pick([...attribution.subarray(0, 50)])) : next() ** 3 * 0.6,
          fimoP: next() < 0.4 ? pick([...dataset.levelP]) : 10 ** -(3.5 + 7 * next()),
          seqletP: next() < 0.4 ? pick([...dataset.seqlets.p]) : 0.06 * next(),
          tomtomP: next() < 0.4 ? pick([...dataset.seqlets.tomtomP]) : next(),
          sign: pick<Sign>(["+", "-", "both"]),
          window: next() < 0.5 ? null : [from, from + 20 + Math.floor(200 * next())],
          allowed: next() < 0.4 ? null : next() < 0.5 ? oneOf(Math.floor(next() * 12)) : someOf(),
        };
        // what one slider moves alone is counted from what the others left
        const moved = pick(["attribution", "fimoP", "window", "sign", "allowed"] as const);
        const isOneMove = before && next() < 0.6;
        const thresholds = isOneMove ? { ...before!, [moved]: fresh[moved] } : fresh;
        before = thresholds;
        const families = cutTree(dataset, pick([0.4, 0.55, 0.65, 0.7, 1]));
        const counts = count(dataset, thresholds, families, mode);
        const hits = passing(dataset, thresholds);
        const won = mode === "exclusive" ? exclusive(dataset, hits) : new Set<number>();
        const { motif, sequence } = dataset.hits;
        const groups = [
          [counts.motifs, (h: number) => motif[h]!, true],
          [counts.families, (h: number) => families.labels[motif[h]!]!, false],
        ] as const;
        for (const [level, groupOf, isMotif] of groups) {
          const members = Array.from(level.count, (_, g) => hits.filter((h) => groupOf(h) === g));
          expect([...level.count]).toEqual(members.map((some) => define(dataset, some, mode, won, isMotif)));
          expect([...level.sequences]).toEqual(
            members.map((some) => new Set(some.map((h) => sequence[h])).size),
          );
        }
        expect(counts.nHits).toBe(hits.length);
        expect(counts.nMatches).toBe(
          passing(dataset, { ...thresholds, attribution: -1, sign: "both" }).length,
        );
        const motifs = assigned(dataset, thresholds);
        expect([...counts.motifs.seqlets]).toEqual(
          [...dataset.manifest.motif_names.keys()].map((m) => motifs.filter((one) => one === m).length),
        );
        expect(counts.nAssigned).toBe(motifs.filter((m) => m >= 0).length);
        expect(counts.nSeqlets).toBe(motifs.length);
        expect(sum(counts.families.seqlets)).toBe(counts.nAssigned);
      }
    },
  );

  test("compares float32 attributions with the threshold as a float32, as numpy does", () => {
    const study = makeStudy({ nSequences: 1, length: 100, nMotifs: 1, nHits: 1, nSeqlets: 0 });
    const stored = study.hits.get("hit_attribution") as Float32Array;
    const thresholds: Thresholds = { ...OPEN, fimoP: 1, sign: "+" };
    const nHits = (): number => {
      const dataset = toDataset(study);
      return count(dataset, thresholds, cutTree(dataset, 0.7)).nHits;
    };
    stored[0] = 0.01; // as float32 this is a little less than the double 0.01
    expect(nHits()).toBe(0);
    stored[0] = 0.010000001;
    expect(nHits()).toBe(1);
  });

  test.each(MODES)("%s: numbers of all sequences are the sums over each sequence", (mode) => {
    const dataset = smallDataset();
    const families = cutTree(dataset, 0.7);
    const all = count(dataset, OPEN, families, mode);
    const each = Array.from({ length: 12 }, (_, s) =>
      count(dataset, { ...OPEN, allowed: oneOf(s) }, families, mode),
    );
    for (const of of ["motifs", "families"] as const) {
      for (const column of ["count", "sequences", "seqlets"] as const) {
        const total = Array.from(all[of][column], (_, i) =>
          sum(each.map((counts) => counts[of][column][i]!)),
        );
        expect([...all[of][column]]).toEqual(total);
      }
    }
  });

  test("a family has the marginal effect of largest size among its motifs", () => {
    const dataset = smallDataset();
    const families = cutTree(dataset, 0.7);
    const { marginal } = count(dataset, OPEN, families).families;
    families.names.forEach((_, f) => {
      const own = [...dataset.marginal].filter(
        (value, m) => families.labels[m] === f && !Number.isNaN(value),
      );
      const most = own.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), Number.NaN || own[0] || 0);
      expect(marginal[f]).toBe(own.length > 0 ? most : Number.NaN);
    });
  });

  test("hitPasses agrees with the counts", () => {
    const dataset = smallDataset();
    const thresholds: Thresholds = { ...OPEN, attribution: 0.02, fimoP: 3e-5, sign: "-", window: [50, 290] };
    const counts: Counts = count(dataset, thresholds, cutTree(dataset, 0.7));
    const hits = new Float64Array(40);
    for (let h = 0; h < 3000; h++)
      if (hitPasses(dataset, counts, thresholds, h)) hits[dataset.hits.motif[h]!]!++;
    expect(hits).toEqual(counts.motifs.count);
  });

  test("without any hit or seqlet every count is 0", () => {
    const dataset = toDataset(makeStudy({ nSequences: 2, length: 50, nMotifs: 3, nHits: 0, nSeqlets: 0 }));
    for (const mode of MODES) {
      const { motifs, nMatches } = count(
        dataset,
        { ...OPEN, allowed: oneOf(1, 2) },
        cutTree(dataset, 0.7),
        mode,
      );
      expect([...motifs.count, ...motifs.sequences, ...motifs.seqlets, nMatches]).toEqual(
        new Array(10).fill(0),
      );
    }
  });
});

describe("exclusive", () => {
  const winners = (dataset: Dataset): number[] => [
    ...count(dataset, { ...OPEN, fimoP: 1 }, cutTree(dataset, 1), "exclusive").motifs.count,
  ];

  test("of equally strong hits the smaller p wins, then the motif of lower rank, then the one to the left", () => {
    const dataset = byHand({
      widths: [8, 8, 8, 15],
      hits: [
        { motif: 0, start: 0, attribution: 0.5 },
        { motif: 1, start: 4, attribution: -0.5 },
        { motif: 2, start: 8, attribution: 0.5, p: 1e-7 },
        // larger, but of a wider motif: no stronger
        { motif: 3, start: 12, attribution: 0.6, p: 1e-9 },
        { motif: 1, start: 40, attribution: 0.5 },
      ],
      columns: { motif_rank: Uint32Array.of(3, 0, 2, 1) },
    });
    expect([...dataset.byStrength]).toEqual([2, 1, 4, 0, 3]);
    expect(winners(dataset)).toEqual([1, 1, 1, 0]);
  });

  test.each([
    ["wide", 20, [1, 0]],
    ["narrow", 0.1, [0, 1]],
  ])(
    "a motif of 100 bp and one in its middle cannot both win: the %s one does",
    (_, attribution, expected) => {
      const hits = [
        { motif: 0, start: 10, attribution },
        { motif: 1, start: 66, attribution: 1 },
      ];
      expect(winners(byHand({ widths: [100, 6], hits }))).toEqual(expected);
    },
  );
});

describe("hits that come later, from below the floor", () => {
  const widths = [8];
  const strong = { start: 50, attribution: 0.75 };
  // as large as the floor is not above it
  const weak = [
    { start: 10, attribution: 0.25, p: 1e-5 },
    { start: 20, attribution: -0.25, p: 1e-7 },
    { start: 30, attribution: 0.125, p: 1e-6 },
  ];
  const dataset = byHand({ widths, hits: [strong], manifest: { n_hits_total: 4, floor: 0.25 } });
  const shown = (): number[][] =>
    Array.from(dataset.strongestHits(0), (h) => [
      dataset.hits.start[h]!,
      dataset.hits.attribution[h]!,
      dataset.hitP(h),
    ]);

  test("are shown behind those that were there, each once and with its own p value", () => {
    expect(shown()).toEqual([[50, 0.75, 1e-6]]);
    expect(dataset.hasAllHitsOf(0)).toBe(false);
    dataset.addHits(0, toColumns(hitColumns([...weak, strong], widths)));
    expect(dataset.hasAllHitsOf(0)).toBe(true);
    expect(shown()).toEqual([
      [50, 0.75, 1e-6],
      [10, 0.25, 1e-5],
      [20, -0.25, 1e-7],
      [30, 0.125, 1e-6],
    ]);
  });

  test("pass where their own p value does, and are not counted", () => {
    const thresholds: Thresholds = { ...OPEN, attribution: 0, fimoP: 5e-6 };
    const counts = count(dataset, thresholds, cutTree(dataset, 1));
    const passes = Array.from(dataset.strongestHits(0), (h) => hitPasses(dataset, counts, thresholds, h));
    expect(passes).toEqual([true, false, true, true]);
    expect(counts.nHits).toBe(1);
  });
});

describe("cutTree", () => {
  test("joins motifs that are just as similar as is asked for, and none that are less", () => {
    const dataset = byHand({ widths: [8, 8], hits: [], columns: { tree_height: Float64Array.of(0.25) } });
    expect([...cutTree(dataset, 0.75).labels]).toEqual([0, 0]);
    expect([...cutTree(dataset, 0.7500001).labels]).toEqual([0, 1]);
  });

  test("a looser cut joins families and moves no motif between them", () => {
    const dataset = smallDataset();
    let fine = cutTree(dataset, 1);
    expect(fine.names.length).toBe(14);
    for (const similarity of [0.65, 0.5, 0.4, 0.01]) {
      const coarse = cutTree(dataset, similarity);
      expect(coarse.names.length).toBeLessThanOrEqual(fine.names.length);
      expect(new Set(coarse.names).size).toBe(coarse.names.length);
      fine.names.forEach((_, f) => {
        const members = itemsOf(fine.members, f);
        expect(new Set(Array.from(members, (m) => coarse.labels[m])).size).toBe(1);
      });
      fine = coarse;
    }
    expect(fine.names.length).toBe(1);
  });
});

describe("searches", () => {
  test("lowerBound(values, x) is the index of the first value that is not below x", () => {
    const values = Float64Array.of(1, 2, 2, 4);
    expect([0, 1, 2, 3, 4, 5].map((x) => lowerBound(values, x, 0, 4))).toEqual([0, 0, 1, 3, 3, 4]);
  });

  test("attributionPasses is strict on both sides", () => {
    expect(attributionPasses(0.5, 0.5, "+")).toBe(false);
    expect(attributionPasses(-0.5, 0.5, "both")).toBe(false);
    expect(attributionPasses(-0.6, 0.5, "both")).toBe(true);
    expect(attributionPasses(0.6, 0.5, "-")).toBe(false);
  });
});
