// Seqlets that no motif explains.
import { expect, test } from "vitest";
import { count, type Thresholds } from "../src/counts.ts";
import { cutTree } from "../src/families.ts";
import { unexplainedSeqlets } from "../src/unexplained.ts";
import type { Sign } from "../src/wire.ts";
import { byHand, seqletColumns } from "./study.ts";

const seqlets = [
  { sequence: 0, start: 10, end: 20, attribution: 0.5 },
  // four and five of its ten bases lie under a hit that counts, all under one that does not
  { sequence: 0, start: 34, end: 44, attribution: 0.25 },
  { sequence: 0, start: 53, end: 63, attribution: 0.25 },
  { sequence: 0, start: 100, end: 108, attribution: 0.125 },
  // matches, but not well; matches
  { sequence: 1, start: 10, end: 20, attribution: -0.75, motif: 0, tomtomP: 0.06 },
  { sequence: 1, start: 25, end: 35, attribution: -0.375 },
  { sequence: 1, start: 40, end: 50, attribution: 2, motif: 0, tomtomP: 0.04 },
  // may be chance
  { sequence: 1, start: 70, end: 80, attribution: 2, p: 0.06 },
];
const hits = [30, 50].map((start) => ({ start, attribution: 0.5 }));
const make = (tracks: number[] | null) =>
  byHand({
    ...{ widths: [8], hits: [...hits, { start: 100, attribution: 0.25 }], nSequences: 2 },
    ...{ columns: seqletColumns(seqlets), manifest: { n_seqlets: seqlets.length, tracks } },
  });

const unexplained = (sign: Sign, tracks: number[] | null = null): number[] => {
  const thresholds: Thresholds = {
    ...{ attribution: 0.25, fimoP: 1e-4, seqletP: 0.05, tomtomP: 0.05, sign, window: null, allowed: null },
  };
  const dataset = make(tracks);
  return unexplainedSeqlets(dataset, count(dataset, thresholds, cutTree(dataset, 1)), thresholds);
};

test("the strongest come first, of both signs where both count", () => {
  expect(unexplained("both")).toEqual([4, 0, 5, 1, 3]);
  expect(unexplained("+")).toEqual([0, 1, 3]);
  // no hit is negative
  expect(unexplained("-")).toEqual([4, 5]);
});

test("a page offers those in sequences that it holds", () => {
  expect(unexplained("both", [1])).toEqual([4, 5]);
  expect(unexplained("both", [0])).toEqual([0, 1, 3]);
  expect(unexplained("both", [])).toEqual([]);
});
