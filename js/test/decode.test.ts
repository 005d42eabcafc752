import { describe, expect, test } from "vitest";
import { Dataset } from "../src/dataset.ts";
import { ColumnAssembler, Columns, DecodeError, toTyped } from "../src/decode.ts";
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
    expect(() => toTyped("u16", new Uint8Array(3))).toThrow(DecodeError);
  });

  test("refuses a dtype that it does not know", () => {
    expect(() => toTyped("f16" as never, new Uint8Array(2))).toThrow('Unknown dtype "f16"');
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

  test("puts pieces together that arrive out of order", () => {
    const assembler = new ColumnAssembler();
    assembler.accept([piece(3, 2)], [Uint32Array.of(4, 5)]);
    expect(assembler.progress).toEqual({ done: 2, total: 5 });
    assembler.accept([piece(0, 3)], [Uint32Array.of(1, 2, 3)]);
    expect([...assembler.finish().take("x", "u32", 5)]).toEqual([1, 2, 3, 4, 5]);
  });

  test("names a column of which a piece never came", () => {
    const assembler = new ColumnAssembler();
    assembler.accept([piece(0, 3)], [Uint32Array.of(1, 2, 3)]);
    expect(() => assembler.finish()).toThrow('Column "x" has 3 of its 5 elements.');
  });

  test("refuses a piece that is not as long as announced, or sticks out", () => {
    expect(() => new ColumnAssembler().accept([piece(0, 3)], [Uint32Array.of(1, 2)])).toThrow(DecodeError);
    expect(() => new ColumnAssembler().accept([piece(3, 3)], [Uint32Array.of(1, 2, 3)])).toThrow(DecodeError);
  });

  test("refuses pieces without their buffers", () => {
    expect(() => new ColumnAssembler().accept([piece(0, 3)], [])).toThrow("came with 0 buffers");
  });
});

describe("Columns", () => {
  const columns = new Columns(new Map([["x", Uint32Array.of(1, 2)]]));

  test("dtype tells a column's type", () => {
    expect(columns.dtype("x")).toBe("u32");
    expect(columns.dtype("y")).toBeUndefined();
  });

  test("take checks type and length", () => {
    expect(() => columns.take("x", "f32")).toThrow('Column "x" is not f32.');
    expect(() => columns.take("x", "u32", 3)).toThrow("must have 3 elements; it has 2");
  });

  test("a column that is absent has no elements", () => {
    expect(columns.take("y", "f64").length).toBe(0);
  });
});

describe("Dataset", () => {
  test("refuses columns that do not fit the manifest", () => {
    const { manifest, columns } = makeStudy(SMALL);
    columns.set("hit_start", new Uint32Array(7));
    expect(() => new Dataset(manifest, new Columns(columns))).toThrow(
      'Column "hit_start" must have 3000 elements',
    );
  });

  test("groups hits and seqlets by sequence without losing one", () => {
    const { manifest, columns } = makeStudy(SMALL);
    const dataset = new Dataset(manifest, new Columns(columns));
    const { offset, item } = dataset.hitsBySequence;
    expect([...item].sort((a, b) => a - b)).toEqual(Array.from({ length: manifest.n_hits }, (_, h) => h));
    for (let s = 0; s < manifest.n_sequences; s++) {
      for (let i = offset[s]; i < offset[s + 1]; i++) expect(dataset.hits.sequence[item[i]]).toBe(s);
    }
  });

  test("strongestHits puts the largest |attribution| first", () => {
    const { manifest, columns } = makeStudy(SMALL);
    const dataset = new Dataset(manifest, new Columns(columns));
    const sizes = [...dataset.strongestHits(3)].map((h) => Math.abs(dataset.hits.attribution[h]));
    expect(sizes.length).toBeGreaterThan(50);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  test("a study without hits and seqlets is a study", () => {
    const { manifest, columns } = makeStudy({ ...SMALL, nHits: 0, nSeqlets: 0 });
    for (const name of [...columns.keys()]) if (/^(p_level|seqlet)/.test(name)) columns.delete(name);
    const dataset = new Dataset(manifest, new Columns(columns));
    expect(dataset.hits.attribution.length).toBe(0);
    expect(dataset.levelOffset.length).toBe(manifest.n_motifs + 1);
  });
});

describe("decodeTrack", () => {
  test("refuses values that are not as many as the sequence is long", () => {
    expect(() => decodeTrack([new Uint8Array(4), new Float32Array(3)], 4)).toThrow(
      "A track of 4 bases came with 4, 3, 4 values.",
    );
  });
});
