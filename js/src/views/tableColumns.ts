// The columns of numbers, and how a number is written.
import type { Counts, Level } from "../counts.ts";
import type { Dataset } from "../dataset.ts";
import { effect, ratio, sum, whole } from "../format.ts";
import { numberOf } from "../order.ts";
import type { CountMode, NumberColumn } from "../wire.ts";

export interface ColumnSpec {
  column: NumberColumn;
  title: string;
  hint: string;
  /** Pixels. */
  width: number;
}

export const MODES: Record<CountMode, { title: string; name: string; hint: string }> = {
  hits: {
    title: "Hits",
    name: "hits",
    hint: "FIMO hits that pass both thresholds; a family counts their different places",
  },
  sites: { title: "Sites", name: "family sites", hint: "Overlapping hits of a family, or of a motif, once" },
  exclusive: {
    title: "Sites",
    name: "exclusive sites",
    hint: "Each position goes to one hit: the one that stands out most",
  },
  sequences: { title: "Seqs", name: "sequences", hint: "Sequences with at least one hit that counts" },
  explained: {
    title: "Attrib.",
    name: "attribution explained",
    hint: "Attribution of the strongest hit of each site, added up",
  },
};

export function numberColumns({ manifest: { has } }: Dataset, mode: CountMode): ColumnSpec[] {
  const columns: ColumnSpec[] = [];
  if (has.hits) {
    columns.push({ column: "count", title: MODES[mode].title, hint: MODES[mode].hint, width: 62 });
    if (mode !== "sequences") {
      const hint = "Sequences with at least one hit that counts";
      columns.push({ column: "sequences", title: "Seqs", hint, width: 46 });
    }
    if (has.null) {
      const one = mode === "explained" ? "one sequence's" : 1;
      const hint = `(observed + ${one}) / (expected + ${one}): few hits say little. By chance: the same hits, moved by a few dozen bp`;
      columns.push({ column: "enrichment", title: "Obs/exp", hint, width: 58 });
    }
  }
  if (has.seqlets) {
    const hint = "Seqlets whose best match is this motif, or one of this family";
    columns.push({ column: "seqlets", title: "Seqlets", hint, width: 58 });
  }
  if (has.marginal) {
    const hint = "Effect of inserting the motif; of a family, its largest";
    columns.push({ column: "marginal", title: "Marginal", hint, width: 60 });
  }
  return columns;
}

/** A number as it stands in the table; "≈" marks what the kernel has yet to confirm. */
export function cellText(
  counts: Counts,
  level: Level,
  column: NumberColumn,
  i: number,
  mode: CountMode,
): string {
  const value = numberOf(level, column, i);
  if (column === "marginal") return effect(value);
  if (Number.isNaN(value)) return column === "enrichment" ? "–" : "…";
  const text =
    column === "enrichment"
      ? ratio(value)
      : column === "count" && mode === "explained"
        ? sum(value)
        : whole(value);
  return counts.isExact || column === "seqlets" ? text : `≈${text}`;
}
