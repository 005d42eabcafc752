// What the kernel is asked, and what the table shows of its answers: exact numbers, those of a stop, and chance.
import { describe, expect, test } from "vitest";
import { Answers, countsBelowFloor, difference, expectedOf, stopOf } from "../src/answers.ts";
import { type Counts, count, type Thresholds } from "../src/counts.ts";
import type { Column } from "../src/decode.ts";
import { cutTree } from "../src/families.ts";
import type { Host, RequestOptions } from "../src/host.ts";
import type { CountMode, Query, RequestName } from "../src/wire.ts";
import { AskedHost } from "./askedHost.ts";
import { dtypeOf } from "./fakeModel.ts";
import { byHand, smallDataset } from "./study.ts";

const dataset = smallDataset();
const families = cutTree(dataset, 0.7);
const nRows = dataset.manifest.n_motifs + families.names.length;
const { attribution: stops } = dataset.stops;
const between = (stops[10]! + stops[11]!) / 2;
const thresholds: Thresholds = {
  ...{ attribution: between, fimoP: 1e-4, seqletP: 0.01, tomtomP: 0.05 },
  ...{ sign: "+", window: null, allowed: null },
};
const queryOf = (count_mode: CountMode, attribution_threshold = between): Query => ({
  ...{ attribution_threshold, fimo_p_threshold: 1e-4, seqlet_p_threshold: 0.01, tomtom_p_threshold: 0.05 },
  ...{ sign: "+", window: null, sequence_filter: null, sequence: null, count_mode, family_similarity: 0.7 },
});

/** A kernel that knows what is expected: at stop k 2 (100 - k) in two shifts, at this threshold 7 and a row's number. */
const host = {
  request(name: RequestName, { count_mode }: Query, { onPart }: RequestOptions = {}) {
    const columns: Record<string, Column> = {
      expected: Float64Array.from({ length: nRows }, (_, row) => 7 + row),
    };
    if (name === "background") {
      const steps = Float64Array.from({ length: nRows * stops.length }, (_, at) =>
        at % stops.length === stops.length - 1 ? 2 * (101 - stops.length) : 2,
      );
      columns.expected_steps = count_mode === "exclusive" ? new Float64Array(0) : steps;
      columns.observed = columns.expected!;
      columns.density = new Uint32Array(0);
      columns.density_null = new Float32Array(0);
    }
    for (const [column, values] of Object.entries(columns))
      onPart!(
        [{ name: column, dtype: dtypeOf(values), offset: 0, length: values.length, total: values.length }],
        [new DataView(values.buffer)],
      );
    return Promise.resolve({ message: { n_shifts: 2, suggestions: [] }, buffers: [] });
  },
} as unknown as Host;

describe.each(["hits", "sites", "exclusive", "sequences", "explained"] as const)(
  "by chance, of %s",
  (mode) => {
    const query = queryOf(mode);
    const unit = mode === "explained" ? dataset.manifest.unit : 1;
    const expectedIn = (answers: Answers): [Float64Array, Float64Array, boolean] => {
      const { motifs, families: of } = count(
        ...([dataset, thresholds, families, mode] as const),
        expectedOf(dataset, query, answers),
      );
      return [motifs.expected, of.expected, motifs.isSum];
    };

    test("is unknown before the kernel has answered", () => {
      for (const row of expectedIn(new Answers(host)).slice(0, 2) as Float64Array[])
        expect(row.every(Number.isNaN)).toBe(true);
    });

    test("is that of the next looser stop, where one stop's is not another's", async () => {
      const answers = new Answers(host);
      await answers.look(dataset, query);
      const [motifs, of] = expectedIn(answers);
      for (const value of [...motifs, ...of])
        expect(value).toBe(mode === "exclusive" ? Number.NaN : 90 * unit);
    });

    test("is exact once the kernel has counted at these thresholds, and no others", async () => {
      const answers = new Answers(host);
      await answers.look(dataset, query);
      await answers.expect(query);
      const [motifs, of, isSum] = expectedIn(answers);
      expect([...motifs, ...of]).toEqual(Array.from({ length: nRows }, (_, row) => 7 + row));
      expect(isSum).toBe(mode === "explained");
      await answers.expect(queryOf(mode, 0.5));
      expect(expectedIn(answers)[0][0]).toBe(mode === "exclusive" ? Number.NaN : 90 * unit);
    });
  },
);

describe("the kernel", () => {
  // an exported page holds answers to just these texts: see share.py
  test("is asked for numbers of hits whatever is asked of seqlets, and for those of all stops wherever one stands", () => {
    const { host, asked } = new AskedHost();
    const answers = new Answers(host);
    const query = queryOf("sites", 0.125);
    void answers.confirm(query);
    void answers.expect(query);
    void answers.look(dataset, query);
    void answers.prepare(dataset, query, "attribution");
    void answers.prepare(dataset, query, "p");
    const text = (attribution: number, p: number, seqlet: number, tomtom: number): string =>
      `{"attribution_threshold":${attribution},"fimo_p_threshold":${p},"seqlet_p_threshold":${seqlet},` +
      `"tomtom_p_threshold":${tomtom},"sign":"+","window":null,"sequence_filter":null,"sequence":null,` +
      `"count_mode":"sites","family_similarity":0.7`;
    expect(asked.map(({ name, params }) => [name, JSON.stringify(params)])).toEqual([
      ["count", `${text(0.125, 0.0001, 0.01, 0.05)}}`],
      ["chance", `${text(0.125, 0.0001, 1, 1)}}`],
      ["background", `${text(0, 0.0001, 1, 1)}}`],
      ["profile", `${text(0, 0.0001, 1, 1)},"control":"attribution"}`],
      ["profile", `${text(0.125, 0, 1, 1)},"control":"p"}`],
    ]);
  });

  test("is asked a question once, and its answer is dropped when another was asked since", async () => {
    const { host, asked } = new AskedHost();
    const answers = new Answers(host);
    const [older, newer] = [queryOf("hits", 0.1), queryOf("hits", 0.2)];
    for (const query of [older, older, newer, newer]) void answers.expect(query);
    expect(asked.map(({ params }) => params.attribution_threshold)).toEqual([0.1, 0.2]);
    await asked[0]!.answer({ expected: Float64Array.of(1) });
    expect(answers.chance.value).toBeNull();
    await asked[1]!.answer({ expected: Float64Array.of(2) });
    expect([...answers.chance.value!.expected]).toEqual([2]);
    void answers.expect(newer);
    expect(asked.length).toBe(2);
  });
});

test("stopOf is the stop of a threshold, or the next looser one", () => {
  const attributions = Float64Array.of(0, 0.25, 1);
  const ps = Float64Array.of(1e-3, 1e-4, 1e-5);
  const at = (value: number) => Object.values(stopOf(attributions, "attribution", value));
  const atP = (value: number) => Object.values(stopOf(ps, "p", value));
  expect([0, 0.2, 0.25, 0.3, 1, 9].map(at)).toEqual([
    [0, true],
    [0, false],
    [1, true],
    [1, false],
    [2, true],
    [2, false],
  ]);
  expect([1, 1e-3, 2e-4, 1e-4, 1e-5, 1e-9].map(atP)).toEqual([
    [0, false],
    [0, true],
    [0, false],
    [1, true],
    [2, true],
    [2, false],
  ]);
});

describe("below the floor", () => {
  const few = byHand({
    widths: [8, 8],
    hits: [{ start: 10, attribution: 0.75 }],
    columns: { attribution_stop: Float64Array.of(0, 0.25, 0.5, 1) },
    manifest: { floor: 0.5, n_hits_total: 20, unit: 0.125 },
  });
  const grouping = cutTree(few, 1);
  const shown = (answers: Answers, query: Query): Counts => {
    const at = { ...thresholds, attribution: query.attribution_threshold };
    const counts = count(few, at, grouping, query.count_mode);
    return countsBelowFloor(few, query, at, counts, answers, () => {});
  };
  const numbers = ({ motifs, families: of, nHits, isExact }: Counts) => [
    [...motifs.count],
    [...of.count],
    [...motifs.sequences],
    [...of.sequences],
    nHits,
    isExact,
  ];

  /** Answers at three stops: the counts of motif 0 are 6, 5 and 3, as each step adds to those after it. */
  async function prepared(count_mode: CountMode, exact: number[] | null): Promise<Answers> {
    const { host: kernel, asked } = new AskedHost();
    const answers = new Answers(kernel);
    void answers.prepare(few, queryOf(count_mode, 0), "attribution");
    const steps = Int32Array.of(...[1, 2, 3], ...[0, 1, 0], ...[2, 2, 3], ...[0, 0, 1]);
    const sequence_steps = Int32Array.of(...[1, 1, 1], ...[0, 1, 0], ...[1, 1, 2], ...[0, 0, 1]);
    await asked[0]!.answer({ steps, sequence_steps, totals: Float64Array.of(9, 7, 3) }, { exact });
    return answers;
  }

  test("the hits that are here are all that is known at first", () => {
    const counts = shown(new Answers(new AskedHost().host), queryOf("hits", 0.25));
    expect(numbers(counts)).toEqual([[1, 0], [1, 0], [1, 0], [1, 0], 1, false]);
  });

  test("counts are exact at the kernel's stops, and between them those of the looser one", async () => {
    const answers = await prepared("hits", null);
    const loosest = [[6, 1], [7, 1], [3, 1], [4, 1], 9, true];
    expect(numbers(shown(answers, queryOf("hits", 0)))).toEqual(loosest);
    const at = [[5, 1], [5, 1], [2, 1], [3, 1], 7];
    expect(numbers(shown(answers, queryOf("hits", 0.25)))).toEqual([...at, true]);
    expect(numbers(shown(answers, queryOf("hits", 0.375)))).toEqual([...at, false]);
  });

  test("where a place goes to one hit, counts are exact at the stops alone that the kernel names", async () => {
    const answers = await prepared("exclusive", [0, 2]);
    const isExact = [0, 0.25, 0.5].map((at) => shown(answers, queryOf("exclusive", at)).isExact);
    expect(isExact).toEqual([true, false, true]);
  });

  test("sums of attributions come in whole units", async () => {
    const { motifs } = shown(await prepared("explained", null), queryOf("explained", 0.25));
    expect([[...motifs.count], [...motifs.sequences]]).toEqual([
      [0.625, 0.125],
      [2, 1],
    ]);
  });

  test("what the kernel has counted just here goes first", async () => {
    const { host: kernel, asked } = new AskedHost();
    const answers = new Answers(kernel);
    void answers.confirm(queryOf("hits", 0.25));
    const columns = { count: Float64Array.of(9, 8, 7, 6), sequences: Uint32Array.of(5, 4, 3, 2) };
    await asked[0]!.answer({ ...columns, seqlets: Uint32Array.of(0, 0), totals: Float64Array.of(30, 20) });
    const counts = shown(answers, queryOf("hits", 0.25));
    expect(numbers(counts)).toEqual([[9, 8], [7, 6], [5, 4], [3, 2], 20, true]);
    expect(counts.nMatches).toBe(30);
    expect(shown(answers, queryOf("hits", 0.3)).isExact).toBe(false);
  });
});

describe("difference", () => {
  const counts = count(dataset, thresholds, families);
  const { motifs, families: of } = counts;
  const kernel = (column = "", at = 0) => {
    const found = {
      count: Float64Array.of(...motifs.count, ...of.count),
      sequences: Uint32Array.of(...motifs.sequences, ...of.sequences),
      seqlets: Uint32Array.from(motifs.seqlets),
    };
    if (column in found) found[column as keyof typeof found][at]! += 1;
    return { key: "", totals: new Float64Array(2), ...found };
  };
  const { motif_names } = dataset.manifest;

  test("is none where the kernel counts the same", () => {
    expect(difference(counts, kernel(), motif_names)).toBe("");
  });

  test.each([
    ["count", 3, motif_names[3], motifs.count[3]],
    ["count", 42, families.names[2], of.count[2]],
    ["sequences", 0, motif_names[0], motifs.sequences[0]],
    ["sequences", nRows - 1, families.names.at(-1), of.sequences.at(-1)],
    ["seqlets", 39, motif_names[39], motifs.seqlets[39]],
  ] as const)("names what differs in %s at %d", (column, at, name, here) => {
    const text = `${column} of ${name}: ${here} here, ${here! + 1} there`;
    expect(difference(counts, kernel(column, at), motif_names)).toBe(text);
  });
});
