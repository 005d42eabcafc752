// The rows of a track: each named set of attributions, and differences between two of them.
import type { Store } from "./store.ts";
import type { TrackData, TrackState } from "./tracks.ts";

/** One row: a set of attributions by its index, less another one if there is one. */
export interface TrackRow {
  name: string;
  of: number;
  less: number | null;
}

/** As a difference is called in Python and in the menu. */
const differenceName = (of: string, less: string): string => `${of} - ${less}`;

/** All rows that a menu offers: each set, then the first set less each other. */
export function offeredRows(sets: readonly string[]): string[] {
  return [...sets, ...sets.slice(1).map((other) => differenceName(sets[0], other))];
}

/** The rows of the given names, in their order; every set where none is given. Unknown names are left out. */
export function rowsOf(sets: readonly string[], names: readonly string[]): TrackRow[] {
  const known = new Map<string, TrackRow>();
  sets.forEach((name, of) => {
    sets.forEach((other, less) => {
      if (less !== of) known.set(differenceName(name, other), { name: `${name} − ${other}`, of, less });
    });
  });
  // a set may be called like a difference: then the name is the set's
  for (const [of, name] of sets.entries()) known.set(name, { name, of, less: null });
  const rows = names.flatMap((name) => known.get(name) ?? []);
  return rows.length > 0 ? rows : sets.map((name, of) => ({ name, of, less: null }));
}

/** What one set gives each base more than another. */
export function difference(of: TrackData, less: TrackData): TrackData {
  const minus = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, i) => value - b[i]);
  return {
    codes: of.codes,
    observed: minus(of.observed, less.observed),
    hypothetical: of.hypothetical && less.hypothetical ? minus(of.hypothetical, less.hypothetical) : null,
  };
}

const known = new WeakMap<TrackData, WeakMap<TrackData, TrackData>>();

function knownDifference(of: TrackData, less: TrackData): TrackData {
  const those = known.get(of) ?? new WeakMap<TrackData, TrackData>();
  known.set(of, those);
  const found = those.get(less) ?? difference(of, less);
  those.set(less, found);
  return found;
}

/** The state of each row of a sequence's track; asks for what is missing, and draws again when it has come. */
export function rowStates(store: Store, sequence: number): { row: TrackRow; state: TrackState }[] {
  const hypothetical = store.traits._show_hypothetical.value;
  const stateOf = (set: number): TrackState => store.tracks.get(sequence, hypothetical, set).value;
  return store.trackRows.value.map((row) => {
    const state = stateOf(row.of);
    if (row.less === null) return { row, state };
    const other = stateOf(row.less);
    if (state.phase !== "ready" || other.phase !== "ready")
      return { row, state: state.phase === "ready" ? other : state };
    return { row, state: { phase: "ready", data: knownDifference(state.data, other.data) } };
  });
}
