// The contract with the kernel: what is synced, what is sent as columns, what can be asked for.
// No name here is camelCase: such names are the page's own, and the build shortens them.

export type Sign = "+" | "-" | "both";
export type Theme = "auto" | "light" | "dark";
export type PaletteName = "classic" | "okabe-ito";
/** The values a track's height stands for: all of its own, those of all tracks, or its visible ones. */
export type YMode = "own" | "same" | "fit";
/** What the sequences are ordered by. */
export type SequenceOrder = "seqlets" | "hits" | "selected" | "unexplained" | "file";
export type CountMode = "hits" | "sites" | "exclusive" | "sequences" | "explained";
export type NumberColumn = "count" | "sequences" | "seqlets" | "marginal" | "enrichment" | "members";
export type SortColumn = "name" | "family" | NumberColumn;

export interface Sort {
  column: SortColumn;
  descending: boolean;
}

interface Status {
  phase: "ready" | "working";
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
  /** A name for each node of the tree of families. */
  family_names: string[];
  sequence_names: string[] | null;
  /** Genome interval of each sequence, 0-based half-open; `start` is the coordinate of base 0. */
  loci: { chrom: string[]; start: number[]; end: number[] } | null;
  n_hits: number;
  n_hits_total: number;
  /** Hits with an attribution of this size or less may be missing; 0 when all were sent. */
  floor: number;
  /** Attributions are added up in whole units of this size. */
  unit: number;
  n_seqlets: number;
  has: {
    hits: boolean;
    seqlets: boolean;
    marginal: boolean;
    hypothetical: boolean;
    attributions: boolean;
    /** Families can be cut anywhere; else they were given. */
    tree: boolean;
    null: boolean;
  };
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
  window: [number, number] | null;
  sequence_filter: string | number[] | null;
  count_mode: CountMode;
  family_similarity: number;
  by_family: boolean;
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
  _sort: Sort[];
  _search: string;
  _filters: Partial<Record<NumberColumn, string>>;
  _expanded: string[];
  _show_hypothetical: boolean;
  /** Thresholds A, to compare with. */
  _pinned: Query | null;
  _shows_pairs: boolean;
  _y_mode: YMode;
  /** Null: by seqlets where there are any, else by hits. */
  _sequence_order: SequenceOrder | null;
  _status: Status;
}

export type TraitName = keyof Traits;

export type Dtype = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64";

/** One piece of a column: `length` elements from `offset` on, of `total`. */
export interface ColumnPiece {
  name: string;
  dtype: Dtype;
  offset: number;
  length: number;
  total: number;
  gzip?: boolean;
}

/** What every count depends on, in the order in which the kernel writes it into a page. */
export const QUERY_TRAITS = [
  "attribution_threshold",
  "fimo_p_threshold",
  "seqlet_p_threshold",
  "tomtom_p_threshold",
  "sign",
  "window",
  "sequence_filter",
  "sequence",
  "count_mode",
  "family_similarity",
] as const;

export type Query = Pick<Traits, (typeof QUERY_TRAITS)[number]>;

export const TRAIT_NAMES: readonly TraitName[] = [
  ...QUERY_TRAITS,
  "by_family",
  "selected_motifs",
  "motif",
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
  "_filters",
  "_expanded",
  "_show_hypothetical",
  "_pinned",
  "_shows_pairs",
  "_y_mode",
  "_sequence_order",
  "_status",
];

export type Control = "attribution" | "p";

export interface Suggestion {
  name: string;
  value: number;
  reason: string;
}

export interface RequestParams {
  load: Record<string, never>;
  tail: Record<string, never>;
  count: Query;
  chance: Query;
  profile: Query & { control: Control };
  background: Query;
  hits: { sequence: number };
  track: { sequence: number; hypothetical: boolean; set: number };
  card: Query & { motif: number };
}

export type RequestName = keyof RequestParams;

/** What an exported page holds instead of a kernel; bytes are gzip in base64. */
export interface StaticPage {
  traits: Traits;
  /** The kernel's answers, each with the question. */
  answers: {
    name: RequestName;
    params: unknown;
    message: Record<string, unknown>;
    columns: (ColumnPiece & { data: string })[];
  }[];
  tracks: { sequence: number; set: number; buffers: string[] }[];
  /** Answers to `card` at the thresholds of `traits`, by the motif's name. */
  cards: Record<string, { body: Record<string, unknown>; buffers: string[] }>;
}
