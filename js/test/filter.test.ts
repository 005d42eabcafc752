// Which sequences a filter keeps.
import { expect, test } from "vitest";
import { allowedSequences } from "../src/filter.ts";
import { byHand, smallDataset } from "./study.ts";

test("a region keeps the sequences that it overlaps, by a base at least", () => {
  const dataset = smallDataset();
  const { start, end } = dataset.manifest.loci!;
  const keeps = (from: number, to: number): number => allowedSequences(dataset, `chr2:${from}-${to}`)![1]!;
  // bases are counted from 1: those of the sequence are start + 1 to end
  expect([keeps(start[1]! - 9, start[1]!), keeps(start[1]! - 9, start[1]! + 1)]).toEqual([0, 1]);
  expect([keeps(end[1]!, end[1]! + 9), keeps(end[1]! + 1, end[1]! + 9)]).toEqual([1, 0]);
});

test("a filter keeps the sequences of a chromosome, or those with such a name", () => {
  const own = byHand({ widths: [8], hits: [], nSequences: 3 });
  own.manifest.loci!.chrom = ["chr2", "CHR22", "chr2"];
  const kept = (text: string): number[] => [...allowedSequences(own, text)!];
  expect(kept("Chr2")).toEqual([1, 0, 1]);
  expect(kept("chr22")).toEqual([0, 1, 0]);
  expect(kept("K_0002")).toEqual([0, 0, 1]);
  expect(kept("chr")).toEqual([0, 0, 0]);
});

test("a region may have spaces around it and commas in it, and means its base where it has but one", () => {
  const own = byHand({ widths: [8], hits: [], nSequences: 3 });
  const start = own.manifest.loci!.start[2]!;
  const comma = `${Math.floor((start + 1) / 1000)},${String((start + 1) % 1000).padStart(3, "0")}`;
  for (const text of [` chr2:${comma} `, `CHR2:${comma}–${start + 1}`])
    expect([...allowedSequences(own, text)!]).toEqual([0, 0, 1]);
  expect([...allowedSequences(own, `chr2:${start}`)!]).toEqual([0, 0, 0]);
});

test("without a genome a region is text like any other", () => {
  const sequence_names = ["chr2:1-9", "b", "C"];
  const own = byHand({ widths: [8], hits: [], nSequences: 3, manifest: { loci: null, sequence_names } });
  expect([...allowedSequences(own, "chr2:1-9")!]).toEqual([1, 0, 0]);
  expect([...allowedSequences(own, "B")!]).toEqual([0, 1, 0]);
  expect([...allowedSequences(own, "c")!]).toEqual([1, 0, 1]);
});

test("no filter keeps all, a list those of its indices", () => {
  const own = byHand({ widths: [8], hits: [], nSequences: 3 });
  expect([allowedSequences(own, null), allowedSequences(own, "")]).toEqual([null, null]);
  expect([...allowedSequences(own, [2, 0])!]).toEqual([1, 0, 1]);
  expect([...allowedSequences(own, [])!]).toEqual([0, 0, 0]);
});
