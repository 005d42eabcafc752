import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Dataset } from "../src/dataset.ts";
import { ColumnAssembler, Columns, toTyped } from "../src/decode.ts";
import { decodeTrack } from "../src/tracks.ts";
import { SMALL } from "./study.ts";
import { makeStudy } from "./synthetic.ts";

/** A view that starts `shift` bytes into a larger buffer. */
function shifted(values: Float32Array, shift: number): DataView {
  const bytes = new Uint8Array(values.byteLength + shift + 5).fill(255);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), shift);
  return new DataView(bytes.buffer, shift, values.byteLength);
}

describe("toTyped", () => {
  test("reads a view at every alignment inside a larger buffer", () => {
    const values = Float32Array.of(1.5, -2, 0.1, Number.NaN);
    for (let shift = 0; shift < 9; shift++) {
      expect([...toTyped("f32", shifted(values, shift))]).toEqual([...values]);
    }
  });

  test("does not copy an aligned view", () => {
    const values = Float64Array.of(1, 2, 3);
    expect(toTyped("f64", new DataView(values.buffer, 8)).buffer).toBe(values.buffer);
  });

  test("refuses half an element", () => {
    expect(() => toTyped("u16", new Uint8Array(3))).toThrow(
      "3 bytes are not a whole number of u16 elements.",
    );
  });
});

describe("ColumnAssembler", () => {
  const piece = (offset: number, length: number, total = 5) => ({
    name: "x",
    dtype: "u32" as const,
    offset,
    length,
    total,
  });

  test("puts pieces together that arrive out of order", async () => {
    const assembler = new ColumnAssembler();
    assembler.accept([piece(3, 2)], [Uint32Array.of(4, 5)]);
    assembler.accept([piece(0, 3)], [Uint32Array.of(1, 2, 3)]);
    expect([...(await assembler.finish()).take("x", "u32", 5)]).toEqual([1, 2, 3, 4, 5]);
  });

  test("unpacks pieces that are compressed", async () => {
    const { gzipSync } = await import("node:zlib");
    const assembler = new ColumnAssembler();
    const packed = gzipSync(new Uint8Array(Uint32Array.of(1, 2, 3).buffer));
    assembler.accept([{ ...piece(0, 3), gzip: true }], [packed]);
    assembler.accept([piece(3, 2)], [Uint32Array.of(4, 5)]);
    expect([...(await assembler.finish()).take("x", "u32", 5)]).toEqual([1, 2, 3, 4, 5]);
  });

  test("names a column of which a piece never came", async () => {
    const assembler = new ColumnAssembler();
    assembler.accept([piece(0, 3)], [Uint32Array.of(1, 2, 3)]);
    await expect(assembler.finish()).rejects.toThrow('Column "x" has 3 of its 5 elements.');
  });

  test("refuses a piece that is not as long as announced, or sticks out", () => {
    const refusal = 'A piece of column "x" does not fit its announced place.';
    expect(() => new ColumnAssembler().accept([piece(0, 3)], [Uint32Array.of(1, 2)])).toThrow(refusal);
    expect(() => new ColumnAssembler().accept([piece(3, 3)], [Uint32Array.of(1, 2, 3)])).toThrow(refusal);
  });

  test("refuses a piece of another column's length or type", () => {
    const others = [piece(3, 2, 6), { ...piece(3, 2), dtype: "i32" as const }];
    for (const other of others) {
      const assembler = new ColumnAssembler();
      assembler.accept([piece(0, 3)], [Uint32Array.of(1, 2, 3)]);
      expect(() => assembler.accept([other], [Int32Array.of(4, 5)])).toThrow("does not fit");
    }
  });

  test("refuses pieces without their buffers", () => {
    expect(() => new ColumnAssembler().accept([piece(0, 3)], [])).toThrow("came with 0 buffers");
  });
});

describe("Columns", () => {
  const columns = new Columns(new Map([["x", Uint32Array.of(1, 2)]]));

  test("takeIndex takes the narrow type and the wide one", () => {
    expect(columns.takeIndex("x", 2)).toEqual(Uint32Array.of(1, 2));
    expect(columns.takeIndex("y")).toEqual(new Uint16Array(0));
  });

  test("take checks type and length", () => {
    expect(() => columns.take("x", "f32")).toThrow('Column "x" is not f32.');
    expect(() => columns.take("x", "u32", 3)).toThrow("must have 3 elements; it has 2");
  });

  test("a column that is absent has no elements", () => {
    expect(columns.take("y", "f64").length).toBe(0);
    expect(columns.takeNumbers("y").length).toBe(0);
    expect(columns.takeNumbers("x")).toEqual(Uint32Array.of(1, 2));
  });
});

describe("Dataset", () => {
  const { manifest, columns, hits } = makeStudy(SMALL);

  test("refuses columns that do not fit the manifest", () => {
    const wrong = new Columns(new Map([...hits, ["hit_start", new Uint16Array(7)]]));
    expect(() => new Dataset(manifest, new Columns(columns), wrong)).toThrow(
      'Column "hit_start" must have 3000 elements',
    );
  });

  test("before its hits have come nothing is known of them", () => {
    const dataset = new Dataset(manifest, new Columns(columns));
    expect([dataset.hasHits, dataset.floor, dataset.hits.motif.length]).toEqual([false, Infinity, 0]);
  });

  test("refuses hits of one sequence that are not as many as they say", () => {
    const dataset = new Dataset(manifest, new Columns(columns), new Columns(hits));
    const own = new Map([...hits, ["hit_offset", Uint32Array.of(0, 2999)] as const]);
    expect(() => dataset.addHits(3, new Columns(own))).toThrow("must have 2999 elements; it has 3000");
  });

  test("knows no marginal effect where none was measured", () => {
    const without = new Columns(new Map([...columns].filter(([name]) => name !== "marginal")));
    const dataset = new Dataset(manifest, without);
    expect(dataset.marginal).toEqual(new Float32Array(SMALL.nMotifs).fill(Number.NaN));
  });

  test("strongestHits puts the largest |attribution| first", () => {
    const dataset = new Dataset(manifest, new Columns(columns), new Columns(hits));
    const sizes = [...dataset.strongestHits(3)].map((h) => Math.abs(dataset.hits.attribution[h]!));
    expect(sizes.length).toBeGreaterThan(50);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  test("hits of one sequence that come later are added to it, those below the floor alone", () => {
    const floor = Math.fround(0.02);
    const whole = new Dataset(manifest, new Columns(columns), new Columns(hits));
    const isStrong = (h: number): boolean => Math.abs(whole.hits.attribution[h]!) > floor;
    const only = (keep: (h: number) => boolean, nSequences: number): Columns => {
      const kept = [...whole.hits.motif.keys()].filter(keep);
      const pick = new Map(
        [...hits].map(([name, data]) => [
          name,
          name.startsWith("p_level") ? data : (data as Uint16Array).filter((_, h) => keep(h)),
        ]),
      );
      const offset = new Uint32Array(nSequences + 1);
      for (const h of kept) offset[(nSequences === 1 ? 0 : whole.hits.sequence[h]!) + 1]++;
      for (let s = 0; s < nSequences; s++) offset[s + 1] += offset[s]!;
      return new Columns(pick.set("hit_offset", offset as never));
    };
    const strong = only(isStrong, manifest.n_sequences);
    const n_hits = [...whole.hits.motif.keys()].filter(isStrong).length;
    const dataset = new Dataset({ ...manifest, floor, n_hits }, new Columns(columns), strong);
    expect([dataset.hasAllHitsOf(3), dataset.hasAllHitsOf(4)]).toEqual([false, false]);
    dataset.addHits(
      3,
      only((h) => whole.hits.sequence[h] === 3, 1),
    );
    expect([dataset.hasAllHitsOf(3), dataset.hasAllHitsOf(4)]).toEqual([true, false]);
    const rows = (of: Dataset) =>
      Array.from(of.strongestHits(3), (h) => [
        of.hits.motif[h],
        of.hits.start[h],
        of.hitP(h),
        of.hits.sequence[h],
      ]);
    expect(rows(dataset).map(String).sort()).toEqual(rows(whole).map(String).sort());
    expect(dataset.strongestHits(4).length).toBeLessThan(whole.strongestHits(4).length);
  });
});

describe("decodeTrack", () => {
  test("refuses values that are not as many as the sequence is long", () => {
    expect(() => decodeTrack([new Uint8Array(4), new Float32Array(3)], 4)).toThrow(
      "A track of 4 bases came with 4, 3, 4 values.",
    );
    expect(() => decodeTrack([], 4)).toThrow("A track of 4 bases came with 0, 0, 4 values.");
  });
});

test("no name that crosses to the kernel is camelCase: the build shortens those", () => {
  const source = readFileSync(new URL("../src/wire.ts", import.meta.url), "utf8");
  const fields = [...source.matchAll(/^ +(?:readonly )?(\w+)\??:/gm)].map(([, name]) => name!);
  expect(fields.length).toBeGreaterThan(40);
  expect(fields.filter((name) => /[a-z][A-Z]/.test(name))).toEqual([]);
});
