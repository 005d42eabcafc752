// Which rows the table shows, in which order: the same rules as `Explorer.counts` in Python.
import type { Counts, Level } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import { type Families, itemsOf } from "./families.ts";
import type { NumberColumn, Sort, Traits } from "./wire.ts";

/** Lower-cased names. */
export interface Names {
  motif: string[];
  family: string[];
}

export const lowerNames = ({ manifest }: Dataset, { names }: Families): Names => ({
  motif: manifest.motif_names.map((name) => name.toLowerCase()),
  family: names.map((name) => name.toLowerCase()),
});

export type Order = Pick<Traits, "_sort" | "_search" | "_filters" | "_expanded" | "by_family">;

/**
 * Whether a lower-cased name is searched for: text, or a regular expression after a slash, which another may end.
 * Null where it is no expression.
 */
export function matcher(search: string): ((name: string) => boolean) | null {
  const expression = /^\/(.+?)\/?$/s.exec(search);
  if (expression) {
    try {
      const compiled = new RegExp(expression[1], "i");
      return (name) => compiled.test(name);
    } catch {
      return null;
    }
  }
  const wanted = search.toLowerCase();
  return (name) => name.includes(wanted);
}

const BOUND = /^\s*(>=|<=|>|<|=)?\s*([-+]?\d*\.?\d+(?:e[-+]?\d+)?)\s*$/i;
const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  "=": (a, b) => a === b,
};

/** A filter of numbers, such as ">= 10" or "10"; null where the text is none. */
export function parseBound(text: string): ((value: number) => boolean) | null {
  const found = BOUND.exec(text);
  if (!found) return null;
  const compare = COMPARE[found[1] ?? ">="];
  const bound = Number(found[2]);
  return (value) => compare(value, bound);
}

/** A number of a level; what is missing is NaN. */
export function numberOf(level: Level, column: NumberColumn | "expected", i: number): number {
  if (column !== "enrichment") return level[column][i];
  // one more on both sides, of a sum what one sequence has: few hits say little
  const one = level.isSum ? level.count[i] / level.sequences[i] || 0 : 1;
  return (level.count[i] + one) / (level.expected[i] + one);
}

/** The rows: families, as ~family, with the members of those that are expanded; or motifs. */
export function orderRows(dataset: Dataset, counts: Counts, names: Names, order: Order): Int32Array {
  const { labels, members } = counts.grouping;
  const isWanted = matcher(order._search) ?? (() => false);
  const filters = Object.entries(order._filters).flatMap(([column, text]) => {
    const passes = parseBound(text);
    return passes ? [{ column: column as NumberColumn, passes }] : [];
  });
  const keeps = (level: Level, i: number): boolean =>
    filters.every(({ column, passes }) => passes(numberOf(level, column, i)));
  const motifFound = names.motif.map((name, m) => isWanted(name) || isWanted(names.family[labels[m]]));
  // asked for only where motifs are shown: counting them takes as long as counting families
  const sortMotifs = (motifs: number[]): number[] => {
    const familyOf = Array.from(labels, (f) => names.family[f]);
    return motifs.sort(comparer(counts.motifs, order._sort, { name: names.motif, family: familyOf }));
  };
  if (!order.by_family) {
    const rows = [...dataset.manifest.motif_names.keys()];
    return Int32Array.from(sortMotifs(rows.filter((m) => motifFound[m] && keeps(counts.motifs, m))));
  }
  const isFound = new Uint8Array(names.family.length);
  motifFound.forEach((found, m) => {
    if (found) isFound[labels[m]] = 1;
  });
  const expanded = new Set(order._expanded);
  return Int32Array.from(
    [...names.family.keys()]
      .filter((f) => isFound[f] && keeps(counts.families, f))
      .sort(comparer(counts.families, order._sort, { name: names.family, family: names.family }))
      .flatMap((f) =>
        expanded.has(counts.grouping.names[f]) ? [~f, ...sortMotifs([...itemsOf(members, f)])] : [~f],
      ),
  );
}

type Compare = (a: number, b: number) => number;

function comparer(level: Level, sort: readonly Sort[], texts: Record<"name" | "family", string[]>): Compare {
  const keys = sort.map(({ column, descending }): Compare => {
    const direction = descending ? -1 : 1;
    if (column === "name" || column === "family") {
      const text = texts[column];
      return (a, b) => (text[a] === text[b] ? 0 : text[a] < text[b] ? -direction : direction);
    }
    return (a, b) => {
      const [x, y] = [numberOf(level, column, a), numberOf(level, column, b)];
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || (x === y ? 0 : direction * (x - y));
    };
  });
  // rows that are equal in all stay in their own order
  return (a, b) => keys.reduce((found, compare) => found || compare(a, b), 0);
}
