import { describe, expect, test } from "vitest";
import { alignFamily } from "../src/align.ts";
import { attributionBins, decodeCard, positionBins } from "../src/card.ts";
import { count, type Thresholds } from "../src/counts.ts";
import { hypotheticalGlyphs } from "../src/draw/logo.ts";
import { cutTree } from "../src/families.ts";
import { BaseScale } from "../src/layout.ts";
import { memeText } from "../src/matrix.ts";
import { smallDataset } from "./study.ts";

const dataset = smallDataset();
const thresholds: Thresholds = {
  ...{ attribution: 0.005, fimoP: 5e-5, seqletP: 0.02, tomtomP: 0.1 },
  ...{ sign: "+", window: null, allowed: null },
};
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

test("a family is aligned to its motif, copies first, on the strand that fits", () => {
  const aligned = alignFamily(dataset, families, 0);
  const family = [...families.labels.keys()].filter((m) => families.labels[m] === families.labels[0]);
  expect(aligned.map(({ motif }) => motif).sort((a, b) => a - b)).toEqual(family);
  expect(aligned[0]).toMatchObject({ motif: 0, offset: 0, reverse: false });
  expect(aligned[0]!.similarity).toBeCloseTo(1, 5);
  // the synthetic look-alikes share their consensus, not how sure each base is
  for (const { offset, reverse, similarity } of aligned) {
    expect([offset, reverse]).toEqual([0, false]);
    expect(similarity).toBeGreaterThan(0.7);
  }
  const turned = smallDataset();
  const [first, second] = [family[0]!, family[1]!];
  turned.pwmOf(second).set(dataset.pwmOf(first).slice().reverse());
  const found = alignFamily(turned, families, first).find(({ motif }) => motif === second)!;
  expect(found).toMatchObject({ offset: 0, reverse: true });
  expect(found.similarity).toBeCloseTo(1, 5);
});

test("a card's answer becomes a logo whose letters are all full, and a window per example", () => {
  const view = (array: ArrayBufferView) => new DataView(array.buffer, array.byteOffset, array.byteLength);
  const message = {
    n_sites: 2,
    cosine: 0.5,
    flank: 1,
    examples: [{ quantile: 1, sequence_idx: 7, start: 4, end: 6, strand: -1, attribution: 0.25 }],
  };
  const buffers = [
    view(Float32Array.of(1, 0, 0, 0.5, 0, 0, 0, 0)),
    view(Uint8Array.of(0, 1, 2, 4)),
    view(Float32Array.of(0, 0.1, 0.15, 0)),
  ];
  const card = decodeCard({ message, buffers }, 2);
  expect(card).toMatchObject({ nSites: 2, cosine: 0.5, flank: 1 });
  expect(card.examples[0]).toMatchObject({ sequence: 7, start: 4, strand: -1 });
  expect([...card.examples[0]!.window.codes]).toEqual([0, 1, 2, 4]);
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
