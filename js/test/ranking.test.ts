// In which order sequences are paged through, and what one jumps between in each.
import { describe, expect, test } from "vitest";
import { count, type Thresholds } from "../src/counts.ts";
import { cutTree } from "../src/families.ts";
import { nextSite, offeredSequences, rankSequences } from "../src/ranking.ts";
import type { SequenceOrder, Sign } from "../src/wire.ts";
import { byHand, seqletColumns } from "./study.ts";

const match = { motif: 0, tomtomP: 1e-6 };
const seqlets = [
  { sequence: 0, start: 20, end: 30, attribution: 0.5 },
  { sequence: 0, start: 100, end: 110, attribution: 0.5, ...match },
  // half of it lies under a hit
  { sequence: 2, start: 14, end: 22, attribution: 0.25 },
  { sequence: 3, start: 50, end: 60, attribution: -2, ...match },
  { sequence: 3, start: 70, end: 80, attribution: 9, p: 0.5 },
  { sequence: 3, start: 120, end: 130, attribution: 0.75 },
];
const hits = [
  { sequence: 0, motif: 0, start: 10, attribution: 0.5 },
  { sequence: 0, motif: 1, start: 40, attribution: 0.5 },
  { sequence: 0, motif: 0, start: 80, attribution: 0.125 },
  ...[10, 30, 50].map((start) => ({ sequence: 1, motif: 1, start, attribution: 0.5 })),
  ...[10, 30].map((start) => ({ sequence: 2, motif: 0, start, attribution: 0.5 })),
];
const dataset = byHand({
  ...{ widths: [8, 8], hits, nSequences: 4, columns: seqletColumns(seqlets) },
  manifest: { n_seqlets: seqlets.length },
});
const families = cutTree(dataset, 1);
const at = (sign: Sign): Thresholds => ({
  ...{ attribution: 0.25, fimoP: 1e-4, seqletP: 0.05, tomtomP: 0.05, sign, window: null, allowed: null },
});

test.each([
  ["file", "+", [0, 1, 2, 3]],
  ["hits", "+", [1, 0, 2, 3]],
  ["selected", "+", [2, 0, 1, 3]],
  ["seqlets", "+", [0, 3, 2, 1]],
  ["seqlets", "-", [3, 0, 1, 2]],
  ["seqlets", "both", [3, 0, 2, 1]],
  ["unexplained", "+", [3, 0, 1, 2]],
] as [SequenceOrder, Sign, number[]][])(
  "sequences are ordered by %s that count with sign %s, ties as in the file",
  (order, sign, expected) => {
    const thresholds = at(sign);
    const counts = count(dataset, thresholds, families);
    expect(rankSequences(dataset, counts, thresholds, order, [0])).toEqual(expected);
  },
);

test("a page offers the sequences that it holds, as in the file, and those of them that the filter keeps", () => {
  const manifest = { ...dataset.manifest, n_sequences: 12, tracks: [10, 9, 2] };
  const offered = (allowed: Uint8Array | null) => offeredSequences({ manifest } as typeof dataset, allowed);
  expect(offered(null)).toEqual([2, 9, 10]);
  expect(offered(Uint8Array.from({ length: 12 }, (_, s) => s % 2))).toEqual([9]);
  expect(manifest.tracks).toEqual([10, 9, 2]);
});

describe("one jumps in a sequence", () => {
  const thresholds = at("+");
  const counts = count(dataset, thresholds, families);
  const picked = [
    { sequence: 1, start: 0, end: 4 },
    { sequence: 0, start: 60, end: 71 },
  ];
  /** The middles of all sites of sequence 0, on the way there and back. */
  const walk = (kind: "sites" | "unexplained" | "picked", selected: number[] = []): number[] => {
    const ways = ([1, -1] as const).map((direction) => {
      const middles: number[] = [];
      let from = direction > 0 ? -1 : 201;
      for (;;) {
        const search = { dataset, counts, thresholds, kind, picked, selected: new Set(selected) };
        const site = nextSite({ ...search, sequence: 0, from, direction });
        if (!site || middles.length > 9) return middles;
        from = Math.floor((site.start + site.end) / 2);
        middles.push(from);
      }
    });
    expect(ways[1]!.toReversed()).toEqual(ways[0]);
    return ways[0]!;
  };

  test("between hits and seqlets that count", () => {
    expect(walk("sites")).toEqual([14, 25, 44, 105]);
  });

  test("between the hits of the marked motifs alone, where some are", () => {
    expect(walk("sites", [0])).toEqual([14]);
    expect(walk("sites", [1])).toEqual([44]);
  });

  test("between seqlets that no motif explains, whatever is marked", () => {
    expect(walk("unexplained")).toEqual([25]);
    expect(walk("unexplained", [0])).toEqual([25]);
  });

  test("between what was picked", () => {
    expect(walk("picked")).toEqual([65]);
  });
});
