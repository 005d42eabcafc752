import { describe, expect, test } from "vitest";
import { count, hitPasses } from "../src/counts.ts";
import {
  claimsAt,
  findSequence,
  intervalText,
  positionText,
  rulerOrigin,
  whyNotCounted,
} from "../src/describe.ts";
import { cutTree } from "../src/families.ts";
import { whole } from "../src/format.ts";
import { oneOf, smallDataset, THRESHOLDS } from "./study.ts";

const dataset = smallDataset();
const thresholds = THRESHOLDS;
const families = cutTree(dataset, 0.7);
const counts = count(dataset, thresholds, families);
const SEQUENCE = 3;

describe("claimsAt", () => {
  const claimsEverywhere = Array.from({ length: 300 }, (_, base) =>
    claimsAt(dataset, counts, thresholds, SEQUENCE, base, new Set(), "hits"),
  );

  test("names all that cover a base", () => {
    for (let base = 0; base < 300; base += 7) {
      let covering = 0;
      for (const h of dataset.strongestHits(SEQUENCE)) {
        if (base >= dataset.hits.start[h] && base < dataset.hitEnd(h)) covering++;
      }
      for (let q = 0; q < 200; q++) {
        const { sequence, start, end } = dataset.seqlets;
        if (sequence[q] === SEQUENCE && base >= start[q] && base < end[q]) covering++;
      }
      const { claims, more } = claimsEverywhere[base]!;
      expect(claims.length + more).toBe(covering);
    }
  });

  test("says to which hit one lost that has its place not to itself", () => {
    const loose = { ...thresholds, attribution: 0.0001, fimoP: 1, sign: "both" as const };
    const exclusive = count(dataset, loose, families, "exclusive");
    let lost = 0;
    for (let sequence = 0; sequence < dataset.manifest.n_sequences; sequence++) {
      const own = dataset.strongestHits(sequence).filter((h) => hitPasses(dataset, exclusive, loose, h));
      const reasons = Array.from(own, (h) => whyNotCounted(dataset, exclusive, own, h, "exclusive"));
      const counted = new Float64Array(dataset.manifest.n_motifs);
      own.forEach((h, i) => {
        if (reasons[i] === "") counted[dataset.hits.motif[h]]++;
      });
      const alone = { ...loose, allowed: oneOf(sequence) };
      expect(counted).toEqual(count(dataset, alone, families, "exclusive").motifs.count);
      lost += reasons.filter((reason) => reason.startsWith("lost to ")).length;
    }
    expect(lost).toBeGreaterThan(10);
  });

  test("says with which look-alike a hit is one site", () => {
    const sites = Array.from({ length: 300 }, (_, base) =>
      claimsAt(dataset, counts, thresholds, SEQUENCE, base, new Set(), "sites"),
    ).flatMap((at) => at.claims);
    const merged = sites.filter(({ reason }) => reason.startsWith("one site with "));
    expect(merged.length).toBeGreaterThan(0);
    for (const { motif, reason } of merged) {
      const other = dataset.motifIndex.get(reason.replace("one site with ", ""))!;
      expect(families.labels[other]).toBe(families.labels[motif]);
    }
  });

  test("what counts comes before what loses its site, whatever is marked", () => {
    const everything = new Set(dataset.everyMotif);
    const marks = [new Set<number>(), everything, new Set([...everything].filter((motif) => motif % 2))];
    let mixed = 0;
    for (const selected of marks) {
      for (let base = 0; base < 300; base++) {
        const at = claimsAt(dataset, counts, thresholds, SEQUENCE, base, selected, "sites");
        const passing = at.claims.filter(
          ({ kind, attribution, p }) => kind === "hit" && p < 5e-5 && attribution > Math.fround(0.005),
        );
        const ranks = passing.map(
          ({ motif, reason }) => 2 * Number(reason !== "") + Number(!selected.has(motif)),
        );
        expect(ranks).toEqual([...ranks].sort());
        mixed += Number(new Set(ranks).size > 1);
      }
    }
    expect(mixed).toBeGreaterThan(0);
  });

  test("gives a reason exactly for those that do not count", () => {
    const claims = claimsEverywhere.flatMap((at) => at.claims).filter(({ kind }) => kind === "hit");
    expect(claims.some(({ reason }) => reason === "")).toBe(true);
    expect(claims.some(({ reason }) => reason === "p is not below 5e-5")).toBe(true);
    expect(claims.some(({ reason }) => reason === "attribution is not above 0.005")).toBe(true);
    for (const { reason, attribution, p } of claims) {
      expect(reason === "").toBe(p < 5e-5 && attribution > Math.fround(0.005));
    }
  });
});

describe("findSequence", () => {
  const origin = dataset.manifest.loci!.start[2]!;
  const at = (base: number): string => whole(origin + base);

  test("takes a name or a number, of no base in particular", () => {
    expect(findSequence(dataset, "PEAK_0004 ")).toEqual({ sequence: 4, start: 0, end: 0 });
    expect(findSequence(dataset, "11")).toEqual({ sequence: 11, start: 0, end: 0 });
  });

  test("takes a position of the genome, counted from 1 as genome browsers do", () => {
    expect(findSequence(dataset, `chr2:${at(13)}`)).toEqual({ sequence: 2, start: 12, end: 13 });
    expect(findSequence(dataset, positionText(dataset, 2, 12))).toMatchObject({ start: 12, end: 13 });
  });

  test.each(["-", "–"])("takes a region of the genome with both its ends, written with %s", (dash) => {
    expect(findSequence(dataset, `CHR2:${at(13)}${dash}${at(40)}`)).toEqual({
      sequence: 2,
      start: 12,
      end: 40,
    });
    expect(findSequence(dataset, intervalText(dataset, 2, 12, 40))).toMatchObject({ start: 12, end: 40 });
  });

  test("finds a base of the genome in a sequence that has it, not in one that it touches", () => {
    // the sequence's bases are 1 to 300 as they are counted here
    const found = [0, 1, 300, 301].map((base) => findSequence(dataset, `chr2:${at(base)}`));
    expect(found).toEqual([
      { problem: `No sequence covers chr2:${at(0)}.` },
      { sequence: 2, start: 0, end: 1 },
      { sequence: 2, start: 299, end: 300 },
      { problem: `No sequence covers chr2:${at(301)}.` },
    ]);
  });

  test("says what it takes when it finds nothing", () => {
    expect(findSequence(dataset, "nope")).toEqual({
      problem: 'No sequence "nope": type a name, or a number up to 11.',
    });
    expect(findSequence(dataset, "chr9:5")).toEqual({ problem: "No sequence covers chr9:5." });
  });
});

test("coordinates are the genome's where they are known", () => {
  const origin = dataset.manifest.loci!.start[1]!;
  expect(positionText(dataset, 1, 5)).toBe(`chr2:${whole(origin + 6)}`);
  expect(intervalText(dataset, 1, 0, 10)).toBe(`chr2:${whole(origin + 1)}–${whole(origin + 10)}`);
});

test("the ruler of one sequence says what the cursor on a base says", () => {
  const base = 5;
  expect(positionText(dataset, 1, base)).toBe(`chr2:${whole(rulerOrigin(dataset, [1]) + base)}`);
  expect(rulerOrigin(dataset, [1, 2])).toBe(0);
});
