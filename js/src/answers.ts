// What the kernel is asked about counts: exact numbers at one place, at all stops of a slider, and by chance.
import { type Signal, signal } from "@preact/signals";
import {
  type AddExpected,
  type Counts,
  countSeqlets,
  emptyLevel,
  type Level,
  lowerBound,
  type Thresholds,
} from "./counts.ts";
import type { Dataset } from "./dataset.ts";
import { ColumnAssembler, type Columns } from "./decode.ts";
import type { Host } from "./host.ts";
import type { ColumnPiece, Control, Query, RequestName, RequestParams, Suggestion } from "./wire.ts";

/** The numbers of one query: motifs, then families. */
interface Confirmed {
  key: string;
  count: Float64Array;
  sequences: Uint32Array;
  seqlets: Uint32Array;
  totals: Float64Array;
}

/** What the counts of one query are by chance: motifs, then families. */
interface Chance {
  key: string;
  expected: Float64Array;
}

/** Counts at all stops of a slider, row after row: motifs, then families. */
interface Profile {
  key: string;
  control: Control;
  stops: Float64Array;
  count: Float64Array;
  sequences: Float64Array;
  totals: Float64Array;
  /** Stops at which counts are exact; null for all. */
  exact: ReadonlySet<number> | null;
}

/** Hits as a whole, and what is expected by chance. */
export interface Background {
  key: string;
  nShifts: number;
  /** At all stops of attribution, row after row, the sum of all shifts; empty where it is not known. */
  expected: Float64Array;
  observedHits: Float64Array;
  expectedHits: Float64Array;
  /** Hits by attribution, from the most negative, and by p value. */
  density: Uint32Array;
  densityByChance: Float32Array;
  /** So many stops of attribution are one column of the density, and so many of p one row. */
  densityStep: [number, number];
  suggestions: Suggestion[];
}

export const keyOf = (params: Query & { control?: Control }): string => JSON.stringify(params);

/** What numbers of hits depend on: they stay when what is asked of seqlets moves. */
const ofHits = (query: Query): Query => ({ ...query, seqlet_p_threshold: 1, tomtom_p_threshold: 1 });

/** What a profile or a background holds for, whatever the slider's own value. */
const without = (query: Query, control: Control): Query => ({
  ...ofHits(query),
  [control === "attribution" ? "attribution_threshold" : "fimo_p_threshold"]: 0,
});

export async function ask<N extends RequestName>(
  host: Host,
  name: N,
  params: RequestParams[N],
  signal?: AbortSignal,
  onPieces?: (pieces: readonly ColumnPiece[]) => void,
): Promise<{ columns: Columns; message: Record<string, unknown> }> {
  const assembler = new ColumnAssembler();
  const { message } = await host.request(name, params, {
    ...(signal ? { signal } : {}),
    onPart(pieces, buffers) {
      assembler.accept(pieces, buffers);
      onPieces?.(pieces);
    },
  });
  return { columns: await assembler.finish(), message };
}

/** Keeps the last answer to each kind of question; a newer question takes the place of one that is not answered. */
export class Answers {
  readonly confirmed: Signal<Confirmed | null> = signal(null);
  readonly chance: Signal<Chance | null> = signal(null);
  readonly profile: Signal<Profile | null> = signal(null);
  readonly background: Signal<Background | null> = signal(null);
  readonly #host: Host;
  readonly #asking = new Map<string, { key: string; controller: AbortController }>();

  constructor(host: Host) {
    this.#host = host;
  }

  clear(): void {
    for (const { controller } of this.#asking.values()) controller.abort();
    this.#asking.clear();
    this.confirmed.value = this.chance.value = this.profile.value = this.background.value = null;
  }

  confirm(query: Query): Promise<void> {
    return this.#ask("count", this.confirmed, query, (columns) => ({
      count: columns.take("count", "f64"),
      sequences: columns.take("sequences", "u32"),
      seqlets: columns.take("seqlets", "u32"),
      totals: columns.take("totals", "f64"),
    }));
  }

  expect(query: Query): Promise<void> {
    return this.#ask("chance", this.chance, ofHits(query), (columns) => ({
      expected: columns.take("expected", "f64"),
    }));
  }

  prepare({ stops: all }: Dataset, query: Query, control: Control): Promise<void> {
    const params = { ...without(query, control), control };
    return this.#ask("profile", this.profile, params, (columns, message) => {
      const totals = columns.take("totals", "f64");
      const stops = (control === "attribution" ? all.attribution : all.fimoP).subarray(0, totals.length);
      const exact = message.exact as number[] | null;
      return {
        control,
        stops,
        count: addUp(columns, "steps", stops.length),
        sequences: addUp(columns, "sequence_steps", stops.length),
        totals,
        exact: exact && new Set(exact),
      };
    });
  }

  look({ stops }: Dataset, query: Query): Promise<void> {
    const params = without(query, "attribution");
    return this.#ask("background", this.background, params, (columns, message) => ({
      nShifts: Number(message.n_shifts),
      expected: addUp(columns, "expected_steps", stops.attribution.length),
      observedHits: columns.take("observed", "f64"),
      expectedHits: columns.take("expected", "f64"),
      density: columns.take("density", "u32"),
      densityByChance: columns.take("density_null", "f32"),
      densityStep: message.density_step as [number, number],
      suggestions: message.suggestions as Suggestion[],
    }));
  }

  async #ask<N extends "count" | "chance" | "profile" | "background", A extends { key: string }>(
    name: N,
    kept: Signal<A | null>,
    params: RequestParams[N],
    read: (columns: Columns, message: Record<string, unknown>) => Omit<A, "key">,
  ): Promise<void> {
    const key = keyOf(params);
    const before = this.#asking.get(name);
    if (kept.peek()?.key === key || before?.key === key) return;
    before?.controller.abort();
    const controller = new AbortController();
    this.#asking.set(name, { key, controller });
    try {
      const { columns, message } = await ask(this.#host, name, params, controller.signal);
      if (!controller.signal.aborted) kept.value = { key, ...read(columns, message) } as A;
    } finally {
      if (this.#asking.get(name)?.controller === controller) this.#asking.delete(name);
    }
  }
}

/** From what each stop adds to the next stricter one, row after row, to the count at each. */
function addUp(columns: Columns, name: string, nStops: number): Float64Array {
  const counts = Float64Array.from(columns.takeNumbers(name));
  for (let end = counts.length; end > 0; end -= nStops) {
    for (let i = end - 2; i >= end - nStops; i--) counts[i] += counts[i + 1];
  }
  return counts;
}

/** The stop at which a threshold stands, or the next looser one. */
export function stopOf(
  stops: Float64Array,
  control: Control,
  value: number,
): { stop: number; isOn: boolean } {
  let stop = 0;
  if (control === "attribution") {
    const at = lowerBound(stops, value, 0, stops.length);
    stop = stops[at] === value ? at : Math.max(0, at - 1);
  } else {
    while (stop + 1 < stops.length && stops[stop + 1] >= value) stop++;
  }
  return { stop, isOn: stops[stop] === value };
}

/** The stretch of a column that belongs to families, or to motifs, which come first. */
const partOf = <A extends Float64Array | Uint32Array>(values: A, level: Level, isFamily: boolean): A => {
  const n = level.count.length;
  return (isFamily ? values.subarray(values.length - n) : values.subarray(0, n)) as A;
};

/** What the kernel has said of a query that the hits here do not suffice for; null for nothing. */
function fromKernel(
  query: Query,
  answers: Answers,
  unit: number,
): { fill: AddExpected; isExact: boolean; nHits: number; nMatches?: number } | null {
  const confirmed = answers.confirmed.value;
  if (confirmed?.key === keyOf(query)) {
    return {
      fill(level, isFamily) {
        level.count.set(partOf(confirmed.count, level, isFamily));
        level.sequences.set(partOf(confirmed.sequences, level, isFamily));
      },
      isExact: true,
      nMatches: confirmed.totals[0],
      nHits: confirmed.totals[1],
    };
  }
  const profile = answers.profile.value;
  if (!profile) return null;
  const { control, stops, exact, totals } = profile;
  if (profile.key !== keyOf({ ...without(query, control), control })) return null;
  const value = control === "attribution" ? query.attribution_threshold : query.fimo_p_threshold;
  const { stop, isOn } = stopOf(stops, control, value);
  const n = stops.length;
  return {
    fill(level, isFamily) {
      const first = isFamily ? profile.count.length / n - level.count.length : 0;
      for (let g = 0; g < level.count.length; g++) {
        const at = (first + g) * n + stop;
        level.count[g] = profile.count[at] * (query.count_mode === "explained" ? unit : 1);
        level.sequences[g] = profile.sequences[at];
      }
    },
    isExact: isOn && (exact === null || exact.has(stop)),
    nHits: totals[stop],
  };
}

/** The counts where the hits here do not suffice: what the kernel has said, or else of the hits that are here. */
export function countsBelowFloor(
  dataset: Dataset,
  query: Query,
  thresholds: Thresholds,
  counts: Counts,
  answers: Answers,
  addExpected: AddExpected,
): Counts {
  const { grouping, levelCut, nSeqlets, nAssigned, nMatches, nHits } = counts;
  const found = fromKernel(query, answers, dataset.manifest.unit);
  const { seqlets } = countSeqlets(dataset, thresholds);
  const levelOf = (isFamily: boolean): Level => {
    const level = emptyLevel(dataset, grouping, seqlets, isFamily);
    if (found) found.fill(level, isFamily);
    else if (dataset.hasHits) Object.assign(level, isFamily ? counts.families : counts.motifs);
    else for (const column of [level.count, level.sequences]) column.fill(Number.NaN);
    addExpected(level, isFamily);
    return level;
  };
  return {
    ...{ grouping, levelCut, nSeqlets, nAssigned, nMatches, nHits },
    ...found,
    isExact: found?.isExact ?? false,
    families: levelOf(true),
    motifs: levelOf(false),
  };
}

/** What counts are expected by chance, where the kernel has said it for these thresholds. */
export function expectedOf({ stops, manifest }: Dataset, query: Query, answers: Answers): AddExpected {
  const chance = answers.chance.value;
  const background = answers.background.value;
  const isSum = query.count_mode === "explained";
  if (chance?.key === keyOf(ofHits(query))) {
    return (level, isFamily) => {
      level.isSum = isSum;
      level.expected.set(partOf(chance.expected, level, isFamily));
    };
  }
  if (!background?.expected.length || background.key !== keyOf(without(query, "attribution")))
    return () => {};
  const n = stops.attribution.length;
  // until the kernel has counted, beside a stop what is expected at the next looser one: rather too much than too little
  const { stop } = stopOf(stops.attribution, "attribution", query.attribution_threshold);
  const scale = (isSum ? manifest.unit : 1) / background.nShifts;
  return (level, isFamily) => {
    const { expected } = level;
    level.isSum = isSum;
    const first = isFamily ? background.expected.length / n - expected.length : 0;
    for (let g = 0; g < expected.length; g++)
      expected[g] = background.expected[(first + g) * n + stop] * scale;
  };
}

/** The first number in which the kernel and the browser differ, in words; "" for none. */
export function difference(
  { motifs, families, grouping }: Counts,
  kernel: Confirmed,
  names: string[],
): string {
  const of = [...names, ...grouping.names];
  for (const column of ["count", "sequences", "seqlets"] as const) {
    const here = [...motifs[column], ...(column === "seqlets" ? [] : families[column])];
    const i = here.findIndex((value, at) => value !== kernel[column][at]);
    if (i >= 0) return `${column} of ${of[i]}: ${here[i]} here, ${kernel[column][i]} there`;
  }
  return "";
}
