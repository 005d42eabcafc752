// A synthetic study as the data set that the code under test works on, and data sets made by hand.
import type { Thresholds } from "../src/counts.ts";
import { Dataset } from "../src/dataset.ts";
import { type Column, Columns } from "../src/decode.ts";
import type { Manifest } from "../src/wire.ts";
import { encodeHits, type Hit, makeStudy, type Synthetic, type SyntheticSize } from "./synthetic.ts";

export const SMALL: SyntheticSize = { nSequences: 12, length: 300, nMotifs: 40, nHits: 3000, nSeqlets: 200 };

export const toDataset = ({ manifest, columns, hits }: Synthetic): Dataset =>
  new Dataset(manifest, new Columns(columns), new Columns(hits));

/** Of which some hits and seqlets of the small study pass, and some do not. */
export const THRESHOLDS: Thresholds = {
  ...{ attribution: 0.005, fimoP: 5e-5, seqletP: 0.02, tomtomP: 0.1, sign: "+" },
  ...{ window: null, allowed: null },
};

export const smallDataset = (seed = 7): Dataset => toDataset(makeStudy({ ...SMALL, seed }));

/** One sequence alone. */
export const oneOf = (sequence: number, n = SMALL.nSequences): Uint8Array =>
  Uint8Array.from({ length: n }, (_, s) => Number(s === sequence));

type Given = Pick<Hit, "start" | "attribution"> & Partial<Hit>;

/** Columns of these hits: of the first motif, in the first sequence, on the + strand unless they say otherwise. */
export const hitColumns = (
  hits: readonly Given[],
  widths: readonly number[],
  nSequences = 1,
): Record<string, Column> => {
  const all = hits.map((hit) => ({ motif: 0, sequence: 0, strand: 1, p: 1e-6, ...hit }));
  return Object.fromEntries(encodeHits(all, Uint16Array.from(widths), nSequences));
};

export const toColumns = (columns: Record<string, Column>): Columns =>
  new Columns(new Map(Object.entries(columns)));

interface GivenSeqlet {
  start: number;
  end: number;
  attribution: number;
  sequence?: number;
  p?: number;
  motif?: number;
  tomtomP?: number;
  strand?: number;
}

/** Columns of these seqlets: in the first sequence, sure, and without a match unless they say otherwise. */
export function seqletColumns(seqlets: readonly GivenSeqlet[]): Record<string, Column> {
  const all = seqlets.map((seqlet) => ({
    ...{ sequence: 0, p: 1e-6, motif: -1, tomtomP: 1, strand: 1 },
    ...seqlet,
  }));
  return {
    seqlet_sequence: Uint32Array.from(all, ({ sequence }) => sequence),
    seqlet_start: Uint32Array.from(all, ({ start }) => start),
    seqlet_end: Uint32Array.from(all, ({ end }) => end),
    seqlet_attribution: Float32Array.from(all, ({ attribution }) => attribution),
    seqlet_p: Float64Array.from(all, ({ p }) => p),
    seqlet_motif: Int32Array.from(all, ({ motif }) => motif),
    seqlet_tomtom_p: Float64Array.from(all, ({ tomtomP }) => tomtomP),
    seqlet_strand: Int8Array.from(all, ({ strand }) => strand),
  };
}

interface ByHand {
  widths: number[];
  hits: Given[];
  nSequences?: number;
  length?: number;
  columns?: Record<string, Column>;
  manifest?: Partial<Manifest>;
}

/** Motifs of these widths, each a family, and these hits. */
export function byHand({ widths, hits, nSequences = 1, length = 200, columns, manifest }: ByHand): Dataset {
  const study = makeStudy({ nSequences, length, nMotifs: widths.length, nHits: 0, nSeqlets: 0 });
  const own = {
    motif_width: Uint16Array.from(widths),
    pwm: new Uint8Array(4 * widths.reduce((sum, width) => sum + width, 0)),
    ...columns,
  };
  const n_hits = hits.length;
  const has = { ...study.manifest.has, hits: true };
  return new Dataset(
    { ...study.manifest, n_hits, n_hits_total: n_hits, has, ...manifest },
    toColumns({ ...Object.fromEntries(study.columns), ...own }),
    toColumns(hitColumns(hits, widths, nSequences)),
  );
}
