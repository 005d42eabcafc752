// The contract with the kernel: what is synced, what is sent as columns, what can be asked for.

export type Sign = "+" | "-" | "both";
export type Theme = "auto" | "light" | "dark";
export type PaletteName = "classic" | "okabe-ito";
export type SortColumn = "name" | "family" | "hits" | "sequences" | "seqlets" | "marginal";

export interface Sort {
  column: SortColumn;
  descending: boolean;
}

export interface Status {
  phase: "ready" | "working" | "error";
  message: string;
  done: number;
  total: number;
}

/** What the columns are about. Sizes are validated against it when the columns arrive. */
export interface Manifest {
  version: number;
  name: string;
  n_sequences: number;
  length: number;
  n_motifs: number;
  motif_names: string[];
  family_names: string[];
  sequence_names: string[] | null;
  /** Genome interval of each sequence, 0-based half-open; `start` is the coordinate of base 0. */
  loci: { chrom: string[]; start: number[]; end: number[] } | null;
  n_hits: number;
  n_hits_total: number;
  /** Hits with an attribution of this size or less may be missing; 0 when all were sent. */
  floor: number;
  n_seqlets: number;
  has: { hits: boolean; seqlets: boolean; marginal: boolean; hypothetical: boolean; attributions: boolean };
  attribution_max: number;
  fimo_p_max: number;
  seqlet_p_max: number;
  /** Names of the sets of attributions, the one that hits are measured by first. */
  layers: string[];
  /** The sequences whose attributions can be shown; null means any. */
  tracks: number[] | null;
}

export interface Traits {
  attribution_threshold: number;
  fimo_p_threshold: number;
  seqlet_p_threshold: number;
  tomtom_p_threshold: number;
  sign: Sign;
  selected_motifs: string[];
  /** The motif whose card is open. */
  motif: string | null;
  sequence: number | null;
  viewport: [number, number] | null;
  theme: Theme;
  palette: PaletteName;
  /** What each track shows, from the top: names of sets of attributions, or of a difference; none means every set. */
  layers: string[];
  reverse_complement: boolean;
  _manifest: Manifest;
  _rev: number;
  _tracks: number[];
  _sort: Sort;
  _search: string;
  _show_hypothetical: boolean;
  _status: Status;
}

export type TraitName = keyof Traits;

export const TRAIT_NAMES: readonly TraitName[] = [
  "attribution_threshold",
  "fimo_p_threshold",
  "seqlet_p_threshold",
  "tomtom_p_threshold",
  "sign",
  "selected_motifs",
  "motif",
  "sequence",
  "viewport",
  "theme",
  "palette",
  "layers",
  "reverse_complement",
  "_manifest",
  "_rev",
  "_tracks",
  "_sort",
  "_search",
  "_show_hypothetical",
  "_status",
];

export type Dtype = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";

/** One piece of a column: `length` elements from `offset` on, of `total`. */
export interface ColumnPiece {
  name: string;
  dtype: Dtype;
  offset: number;
  length: number;
  total: number;
}

export interface RequestParams {
  load: Record<string, never>;
  track: { sequence: number; hypothetical: boolean; set: number };
  card: { motif: number; attribution: number; fimoP: number; sign: Sign };
}

export type RequestName = keyof RequestParams;

/** What an exported page holds instead of a kernel. */
export interface StaticPage {
  traits: Traits;
  columns: { name: string; dtype: Dtype; length: number; gzip: boolean; data: string }[];
  tracks: {
    sequence: number;
    set: number;
    codes: string;
    observed: string;
    hypothetical: string | null;
    gzip: boolean;
  }[];
  /** Answers to `card` at the thresholds of `traits`, by the motif's name. */
  cards: Record<string, { body: Record<string, unknown>; buffers: string[] }>;
}
