// The rows as they are copied, to paste into a sheet.
import { describe, expect, test } from "vitest";
import { count, type Thresholds } from "../src/counts.ts";
import { cutTree } from "../src/families.ts";
import { rowsAsText } from "../src/views/MotifRow.tsx";
import { numberColumns } from "../src/views/tableColumns.ts";
import type { CountMode } from "../src/wire.ts";
import { smallDataset } from "./study.ts";

const dataset = smallDataset();
Object.assign(dataset.manifest.has, { null: true });
const thresholds: Thresholds = {
  ...{ attribution: 0.01, fimoP: 1e-4, seqletP: 0.01, tomtomP: 0.05 },
  ...{ sign: "+", window: null, allowed: null },
};

function copied(mode: CountMode, rows: number[], known: boolean): Record<string, string>[] {
  const counts = count(dataset, thresholds, cutTree(dataset, 0.7), mode, ({ expected }) => {
    if (known) expected.fill(4);
  });
  const peek = <T>(value: T) => ({ peek: () => value });
  const store = {
    dataset: peek(dataset),
    counts: peek(counts),
    rows: peek(rows),
    traits: { count_mode: peek(mode) },
  };
  const [head, ...lines] = rowsAsText(store as never, numberColumns(dataset, mode)).split("\n");
  return lines.map((line) => {
    const cells = line.split("\t");
    return Object.fromEntries(head!.split("\t").map((name, i) => [name, cells[i]!]));
  });
}

describe("rows are copied", () => {
  test.each(["hits", "sites", "exclusive", "explained"] as const)(
    "under the names of counts in Python: %s",
    (mode) => {
      const [row] = copied(mode, [3], true);
      expect(Object.keys(row!)).toEqual([
        "family",
        "motif_name",
        mode,
        "sequences",
        "expected",
        "enrichment",
        "seqlets",
        "marginal",
      ]);
      expect(row!.motif_name).toBe(dataset.manifest.motif_names[3]);
      expect(row!.expected).toBe("4");
      expect(Number(row!.enrichment)).toBeCloseTo((Number(row![mode]) + 1) / 5, 12);
    },
  );

  test("with empty cells for what is missing", () => {
    const missing = dataset.marginal.findIndex(Number.isNaN);
    const [motif, family] = copied("hits", [missing, ~0], false);
    expect(motif).toMatchObject({ marginal: "", expected: "", enrichment: "" });
    expect(Number(motif!.hits)).toBeGreaterThanOrEqual(0);
    expect(family!.motif_name).toBe("");
    expect(Object.values(motif!)).not.toContain("NaN");
  });
});
