// What the table expects by chance: the kernel's number at these thresholds, and until it has come that of a stop.
import { describe, expect, test } from "vitest";
import { Answers, expectedOf } from "../src/answers.ts";
import { count, type Thresholds } from "../src/counts.ts";
import type { Column } from "../src/decode.ts";
import { cutTree } from "../src/families.ts";
import type { Host, RequestOptions } from "../src/host.ts";
import type { CountMode, Query, RequestName } from "../src/wire.ts";
import { dtypeOf } from "./fakeModel.ts";
import { smallDataset } from "./study.ts";

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
        ...([dataset, thresholds, families, mode, null] as const),
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
