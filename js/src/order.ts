// Which rows the table shows, in which order: the same rules as `Explorer.counts` in Python.
import type { Counts } from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import type { Sort } from "./wire.ts";

/** Lower-cased names, computed once per data set. */
export interface Names {
  motif: string[];
  family: string[];
}

export function lowerNames({ manifest, family }: Dataset): Names {
  const families = manifest.family_names.map((name) => name.toLowerCase());
  return {
    motif: manifest.motif_names.map((name) => name.toLowerCase()),
    family: manifest.motif_names.map((_, m) => families[family[m]] ?? ""),
  };
}

/** Motif indices: filtered by name or family, sorted by one column, ties in file order, missing values last. */
export function orderRows(
  dataset: Dataset,
  counts: Counts,
  names: Names,
  sort: Sort,
  search: string,
): Uint32Array {
  const wanted = search.toLowerCase();
  const rows: number[] = [];
  for (let m = 0; m < dataset.manifest.n_motifs; m++) {
    if (wanted === "" || names.motif[m].includes(wanted) || names.family[m].includes(wanted)) rows.push(m);
  }
  const direction = sort.descending ? -1 : 1;
  switch (sort.column) {
    case "name":
      rows.sort(byText(names.motif, direction));
      break;
    case "family":
      rows.sort(byText(names.family, direction));
      break;
    case "marginal":
      rows.sort(byNumber(dataset.marginal, direction));
      break;
    default:
      rows.sort(byNumber(counts[sort.column], direction));
  }
  return Uint32Array.from(rows);
}

type Compare = (a: number, b: number) => number;

function byText(keys: readonly string[], direction: number): Compare {
  return (a, b) => (keys[a] === keys[b] ? a - b : keys[a] < keys[b] ? -direction : direction);
}

function byNumber(keys: ArrayLike<number>, direction: number): Compare {
  return (a, b) => {
    const missing = Number(Number.isNaN(keys[a])) - Number(Number.isNaN(keys[b]));
    if (missing !== 0) return missing;
    return keys[a] === keys[b] || Number.isNaN(keys[a]) ? a - b : direction * (keys[a] - keys[b]);
  };
}
