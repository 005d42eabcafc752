import { describe, expect, test } from "vitest";
import { attributionBins, decodeCard, positionBins } from "../src/card.ts";
import { count } from "../src/counts.ts";
import { hypotheticalGlyphs } from "../src/draw/logo.ts";
import { cutTree } from "../src/families.ts";
import { BaseScale } from "../src/layout.ts";
import { memeText } from "../src/matrix.ts";
import { byHand, smallDataset, THRESHOLDS } from "./study.ts";

const dataset = smallDataset();
const thresholds = THRESHOLDS;
const families = cutTree(dataset, 0.7);
const sum = (values: Uint32Array): number => values.reduce((total, value) => total + value, 0);

describe("the charts of a card", () => {
  for (const sign of ["+", "-", "both"] as const) {
    test(`hold every hit whose p value passes, and mark those that count (${sign})`, () => {
      const cuts = { ...thresholds, sign };
      const counts = count(dataset, cuts, families);
      for (let motif = 0; motif < dataset.manifest.n_motifs; motif++) {
        const byAttribution = attributionBins(dataset, counts, cuts, motif, 41);
        const byPosition = positionBins(dataset, counts, cuts, motif, 41);
        expect(sum(byAttribution.passing)).toBe(counts.motifs.count[motif]);
        expect(sum(byPosition.passing)).toBe(counts.motifs.count[motif]);
        expect(sum(byAttribution.all)).toBe(sum(byPosition.all));
      }
    });
  }

  test("have a step at 0, so that a bar is positive or negative", () => {
    const counts = count(dataset, thresholds, families);
    const { from, step, all } = attributionBins(dataset, counts, thresholds, 0, 41);
    expect(from).toBeLessThan(0);
    expect(from / step).toBe(Math.round(from / step));
    expect(from + step * all.length).toBeGreaterThanOrEqual(
      Math.max(...Array.from(dataset.hitsOf(0), (h) => dataset.hits.attribution[h]!)),
    );
  });
});

describe("the bars of a card", () => {
  const cuts = { ...thresholds, attribution: 0.5 };
  const barsOf = (hits: Parameters<typeof byHand>[0]["hits"], motif = 0, widths = [8, 8]) => {
    const own = byHand({ widths, hits });
    const counts = count(own, cuts, cutTree(own, 1));
    const byAttribution = attributionBins(own, counts, cuts, motif, 5);
    const { all, passing } = positionBins(own, counts, cuts, motif, 5);
    return {
      ...{ from: byAttribution.from, step: byAttribution.step },
      attribution: [[...byAttribution.all], [...byAttribution.passing]],
      position: [[...all], [...passing]],
    };
  };

  test("go from the weakest hit to the strongest, of this motif alone and of p values that pass", () => {
    const bars = barsOf([
      { start: 0, attribution: -0.25 },
      { start: 0, attribution: 0.5 },
      { start: 0, attribution: 0.75 },
      { start: 0, attribution: 0.25, p: 5e-5 },
      { start: 0, attribution: 9, motif: 1 },
    ]);
    expect(bars).toMatchObject({ from: -0.25, step: 0.25 });
    expect(bars.attribution).toEqual([
      [1, 0, 0, 1, 1],
      [0, 0, 0, 0, 1],
    ]);
  });

  test("begin at 0 where every hit is positive, and end there where every hit is negative", () => {
    const [positive, negative] = [1, -1].map((way) =>
      barsOf([0.25, 1].map((size) => ({ start: 0, attribution: way * size }))),
    );
    expect(positive).toMatchObject({ from: 0, step: 0.25 });
    expect(positive!.attribution[0]).toEqual([0, 1, 0, 0, 1]);
    expect(negative).toMatchObject({ from: -1, step: 0.25 });
    expect(negative!.attribution[0]).toEqual([1, 0, 0, 1, 0]);
  });

  test("hold the strongest hit in the last one, also where rounding puts it beyond", () => {
    const { from, attribution } = barsOf([-1e-30, 1].map((size) => ({ start: 0, attribution: size })));
    expect(from).toBe(-0.25);
    expect(attribution[0]!.at(-1)).toBe(1);
  });

  test("are empty where there is no hit", () => {
    const none = [0, 0, 0, 0, 0];
    const empty = { from: 0, step: 1, attribution: [none, none], position: [none, none] };
    expect(barsOf([{ start: 0, attribution: 1 }], 1)).toEqual(empty);
  });

  test("stand where the middles of the hits lie", () => {
    // 200 bases: 40 to a bar
    const bars = barsOf(
      [0, 36, 37, 193].map((start) => ({ start, attribution: start === 36 ? 0.25 : 1 })),
      0,
      [7, 8],
    );
    expect(bars.position).toEqual([
      [2, 1, 0, 0, 1],
      [1, 1, 0, 0, 1],
    ]);
  });
});

test("a card's answer becomes a logo whose letters are all full, and a window per example", () => {
  const view = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);
  const message = {
    n_sites: 2,
    cosine: 0.5,
    flank: 2,
    examples: [
      { quantile: 1, sequence_idx: 7, start: 4, end: 6, strand: -1, attribution: 0.25 },
      { quantile: 0, sequence_idx: 3, start: 9, end: 11, strand: 1, attribution: 0.125 },
    ],
  };
  const codes = Uint8Array.of(...[0, 1, 2, 4, 0, 0], ...[3, 3, 2, 1, 0, 4]);
  const observed = Float32Array.from(codes.keys(), (i) => i / 8);
  const buffers = [view(Float32Array.of(1, 0, 0, 0.5, 0, 0, 0, 0)), view(codes), view(observed)];
  const card = decodeCard({ message, buffers }, 2);
  expect(card).toMatchObject({ nSites: 2, cosine: 0.5, flank: 2 });
  expect(card.examples[0]).toMatchObject({ sequence: 7, start: 4, strand: -1 });
  // two bases of the motif and two on each side
  expect(card.examples.map(({ window }) => [...window.codes])).toEqual([
    [0, 1, 2, 4, 0, 0],
    [3, 3, 2, 1, 0, 4],
  ]);
  expect(card.examples.flatMap(({ window }) => [...window.observed])).toEqual([...observed]);
  const glyphs = hypotheticalGlyphs(card.weights, new BaseScale({ start: 0, end: 2 }, 0, 20), (v) => -v);
  expect(glyphs.filter(({ height }) => height > 0).map(({ base, observed }) => [base, observed])).toEqual([
    [0, true],
    [1, true],
  ]);
});

test("a matrix is written as a file that other tools read", () => {
  const meme = memeText(dataset, 0);
  expect(meme).toContain(`MOTIF ${dataset.manifest.motif_names[0]}`);
  const matrix = meme.trim().split("\n").slice(-dataset.motifWidth[0]);
  for (const row of matrix) {
    const values = row.split(" ").map(Number);
    expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(1, 5);
  }
});
