import { describe, expect, test } from "vitest";
import {
  attributionPasses,
  type Counts,
  count,
  endOfAbove,
  hitPasses,
  lowerBound,
  startOfBelow,
  type Thresholds,
} from "../src/counts.ts";
import type { Dataset } from "../src/dataset.ts";
import type { Sign } from "../src/wire.ts";
import { smallDataset, toDataset } from "./study.ts";
import { makeStudy, random } from "./synthetic.ts";

/** The definition: look at every hit and every seqlet. */
function bruteForce(dataset: Dataset, t: Thresholds, only: number | null) {
  const { hits, seqlets, manifest } = dataset;
  const result = {
    hits: [] as number[],
    sequences: [] as number[],
    seqlets: [] as number[],
    nMatches: 0,
    nSeqlets: 0,
  };
  const passes = (a: number, limit: number): boolean =>
    t.sign === "+" ? a > limit : t.sign === "-" ? a < -limit : Math.abs(a) > limit;
  for (let m = 0; m < manifest.n_motifs; m++) {
    const seen = new Set<number>();
    let n = 0;
    for (let h = hits.offset[m]; h < hits.offset[m + 1]; h++) {
      if (only !== null && hits.sequence[h] !== only) continue;
      if (!(dataset.levelP[dataset.levelOffset[m] + hits.level[h]] < t.fimoP)) continue;
      result.nMatches++;
      if (!passes(hits.attribution[h], Math.fround(t.attribution))) continue;
      n++;
      seen.add(hits.sequence[h]);
    }
    result.hits.push(n);
    result.sequences.push(seen.size);
    result.seqlets.push(0);
  }
  for (let q = 0; q < manifest.n_seqlets; q++) {
    if (only !== null && seqlets.sequence[q] !== only) continue;
    if (!(seqlets.p[q] < t.seqletP) || !passes(seqlets.attribution[q], 0)) continue;
    result.nSeqlets++;
    if (seqlets.motif[q] >= 0 && seqlets.tomtomP[q] < t.tomtomP) result.seqlets[seqlets.motif[q]]++;
  }
  return result;
}

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

function expectSame(counts: Counts, expected: ReturnType<typeof bruteForce>): void {
  expect([...counts.hits]).toEqual(expected.hits);
  expect([...counts.sequences]).toEqual(expected.sequences);
  expect([...counts.seqlets]).toEqual(expected.seqlets);
  expect(counts.nMatches).toBe(expected.nMatches);
  expect(counts.nSeqlets).toBe(expected.nSeqlets);
  expect(counts.nHits).toBe(sum(expected.hits));
  expect(counts.nAssigned).toBe(sum(expected.seqlets));
  expect(counts.nMotifsWithHits).toBe(expected.hits.filter((n) => n > 0).length);
}

describe("count", () => {
  test("equals the definition on a random walk of thresholds, signs and sequences", () => {
    const dataset = smallDataset();
    const next = random(1);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)]!;
    const { attribution } = dataset.hits;
    for (let step = 0; step < 300; step++) {
      const thresholds: Thresholds = {
        // exact values of hits and seqlets among them: the comparisons must be strict
        attribution: next() < 0.3 ? Math.abs(pick([...attribution.subarray(0, 50)])) : next() ** 3 * 0.6,
        fimoP: next() < 0.4 ? pick([...dataset.levelP]) : 10 ** -(3.5 + 7 * next()),
        seqletP: next() < 0.4 ? pick([...dataset.seqlets.p]) : 0.06 * next(),
        tomtomP: next() < 0.4 ? pick([...dataset.seqlets.tomtomP]) : next(),
        sign: pick<Sign>(["+", "-", "both"]),
      };
      const only = next() < 0.5 ? null : Math.floor(next() * 12);
      expectSame(count(dataset, thresholds, only), bruteForce(dataset, thresholds, only));
    }
  });

  test("compares float32 attributions with the threshold as a float32, as numpy does", () => {
    const study = makeStudy({ nSequences: 1, length: 100, nMotifs: 1, nHits: 1, nSeqlets: 0 });
    const stored = study.columns.get("hit_attribution") as Float32Array;
    stored[0] = 0.01; // as float32 this is a little less than the double 0.01
    const thresholds: Thresholds = { attribution: 0.01, fimoP: 1, seqletP: 1, tomtomP: 1, sign: "+" };
    expect(count(toDataset(study), thresholds).nHits).toBe(0);
    stored[0] = 0.010000001;
    expect(count(toDataset(study), thresholds).nHits).toBe(1);
  });

  test("hits and sequences of all sequences are the sums over each sequence", () => {
    const dataset = smallDataset();
    const thresholds: Thresholds = {
      attribution: 0.01,
      fimoP: 1e-5,
      seqletP: 0.01,
      tomtomP: 0.1,
      sign: "both",
    };
    const all = count(dataset, thresholds);
    const each = Array.from({ length: 12 }, (_, s) => count(dataset, thresholds, s));
    for (const column of ["hits", "sequences", "seqlets"] as const) {
      expect([...all[column]]).toEqual(
        [...all[column]].map((_, m) => sum(each.map((counts) => counts[column][m]))),
      );
    }
  });

  test("hitPasses agrees with the counts", () => {
    const dataset = smallDataset();
    const thresholds: Thresholds = { attribution: 0.02, fimoP: 3e-5, seqletP: 0.01, tomtomP: 0.1, sign: "-" };
    const counts = count(dataset, thresholds);
    const hits = new Uint32Array(40);
    for (let h = 0; h < 3000; h++) if (hitPasses(dataset, counts, thresholds, h)) hits[dataset.hitMotif[h]]++;
    expect(hits).toEqual(counts.hits);
  });

  test("without any hit or seqlet every count is 0", () => {
    const dataset = toDataset(makeStudy({ nSequences: 2, length: 50, nMotifs: 3, nHits: 0, nSeqlets: 0 }));
    const counts = count(dataset, { attribution: 0, fimoP: 1, seqletP: 1, tomtomP: 1, sign: "both" }, 1);
    expect([...counts.hits, ...counts.sequences, ...counts.seqlets, counts.nMatches]).toEqual(
      new Array(10).fill(0),
    );
  });
});

describe("searches", () => {
  test("lowerBound(values, x) is the index of the first value that is not below x", () => {
    const values = Float64Array.of(1, 2, 2, 4);
    expect([0, 1, 2, 3, 4, 5].map((x) => lowerBound(values, x, 0, 4))).toEqual([0, 0, 1, 3, 3, 4]);
  });

  test("endOfAbove and startOfBelow bound the strict parts of a descending run", () => {
    const values = Float32Array.of(5, 3, 3, -1, -4);
    expect([6, 3, 0, -4, -5].map((x) => endOfAbove(values, x, 0, 5))).toEqual([0, 1, 3, 4, 5]);
    expect([6, 3, 0, -4, -5].map((x) => startOfBelow(values, x, 0, 5))).toEqual([0, 3, 3, 5, 5]);
  });

  test("attributionPasses is strict on both sides", () => {
    expect(attributionPasses(0.5, 0.5, "+")).toBe(false);
    expect(attributionPasses(-0.5, 0.5, "both")).toBe(false);
    expect(attributionPasses(-0.6, 0.5, "both")).toBe(true);
    expect(attributionPasses(0.6, 0.5, "-")).toBe(false);
  });
});
