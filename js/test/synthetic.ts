// A made-up study: motifs in look-alike families, sequences with planted sites, attributions that follow them.
// Deterministic, of any size; used by tests and by the development page.
import type { Column } from "../src/decode.ts";
import type { Manifest, Traits } from "../src/wire.ts";

export interface Synthetic {
  manifest: Manifest;
  columns: Map<string, Column>;
  /** The columns of the hits, which come after the others. */
  hits: Map<string, Column>;
  codes: Uint8Array[];
  observed: Float32Array[];
}

export interface SyntheticSize {
  nSequences: number;
  length: number;
  nMotifs: number;
  nHits: number;
  nSeqlets: number;
  seed?: number;
}

/** A small fast generator of numbers in 0..1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const FAMILIES = [
  "GATA",
  "CTCF",
  "AP-1",
  "ETS",
  "E-box",
  "KLF/SP",
  "RUNX",
  "NFY",
  "CEBP",
  "IRF",
  "TEAD",
  "NRF1",
  "YY1",
  "HNF4",
];
const CORES = [
  "AGATAAGG",
  "CCGCGAGGGGGCAGC",
  "TGAGTCA",
  "ACCGGAAGT",
  "CAGCTG",
  "GGGGCGGGG",
  "TGTGGTTA",
  "CCAATCA",
  "TTGCGCAA",
  "GAAAGTGAAA",
  "ACATTCCA",
  "GCGCATGCGC",
  "AAGATGGCGGC",
  "CAAAGTCCA",
];

export function makeStudy({
  nSequences,
  length,
  nMotifs,
  nHits,
  nSeqlets,
  seed = 7,
}: SyntheticSize): Synthetic {
  const next = random(seed);
  const integer = (n: number): number => Math.floor(next() * n);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

  const nFamilies = Math.min(FAMILIES.length, nMotifs);
  const family = Uint32Array.from({ length: nMotifs }, (_, m) => (m < nFamilies ? m : integer(nFamilies)));
  const motif_names = Array.from(
    family,
    (f, m) => `${FAMILIES[f]!.replace(/\W/g, "")}${m < nFamilies ? "" : `_${m}`}.H12`,
  );
  const motif_width = Uint16Array.from(family, (f) => CORES[f]!.length);
  const pwm = new Uint8Array(4 * motif_width.reduce((sum, w) => sum + w, 0));
  let column = 0;
  for (let m = 0; m < nMotifs; m++) {
    for (const letter of CORES[family[m]]!) {
      const sure = 0.55 + 0.42 * next();
      for (let b = 0; b < 4; b++)
        pwm[4 * column + b] = Math.round(255 * ("ACGT"[b] === letter ? sure : (1 - sure) / 3));
      column++;
    }
  }

  const { codes, observed, sites } = makeSequences(nSequences, length, nFamilies, integer, normal, next);
  const tree = halves(nFamilies);
  const bySites = new Map(
    makeHits(nHits, nMotifs, nSequences, length, family, motif_width, sites, next, integer),
  );
  const seqlets = makeSeqlets(nSeqlets, nSequences, length, family, sites, next, integer);

  const columns = new Map<string, Column>([
    ["motif_width", motif_width],
    ["pwm", pwm],
    ["motif_rank", Uint32Array.from(family, (_, m) => m)],
    ["tree_leaf", family],
    ["tree_joined", Uint32Array.from(tree.joined)],
    ["tree_height", Float64Array.from(tree.height)],
    [
      "tree_medoid",
      Uint32Array.from({ length: nFamilies + tree.height.length }, (_, node) => node % nFamilies),
    ],
    [
      "marginal",
      Float32Array.from(family, (f, m) =>
        m % 17 === 16 ? Number.NaN : (nFamilies / 2 - f) * 0.08 * (0.6 + 0.8 * next()),
      ),
    ],
    ["attribution_stop", stops(512, (k) => (0.5 * Math.sinh((7 * k) / 511)) / Math.sinh(7))],
    ["fimo_p_stop", stops(160, (k) => 10 ** (-4 - k / 20))],
    ["seqlet_p_stop", stops(100, (k) => 0.05 * 10 ** (-k / 20))],
    ["tomtom_p_stop", stops(160, (k) => 10 ** (-k / 20))],
    ...seqlets,
  ]);
  const manifest: Manifest = {
    version: 1,
    name: "Synthetic BPNet",
    n_sequences: nSequences,
    length,
    n_motifs: nMotifs,
    motif_names,
    family_names: [...FAMILIES.slice(0, nFamilies), ...tree.height.map((_, k) => `group ${k}`)],
    sequence_names: Array.from({ length: nSequences }, (_, s) => `peak_${String(s).padStart(4, "0")}`),
    loci: {
      chrom: Array.from({ length: nSequences }, () => "chr2"),
      start: Array.from({ length: nSequences }, (_, s) => 1_204_310 + 31_417 * s),
      end: Array.from({ length: nSequences }, (_, s) => 1_204_310 + 31_417 * s + length),
    },
    n_hits: nHits,
    n_hits_total: nHits,
    floor: 0,
    unit: 2 ** -30,
    n_seqlets: nSeqlets,
    has: {
      hits: nHits > 0,
      seqlets: nSeqlets > 0,
      marginal: true,
      hypothetical: true,
      attributions: true,
      tree: true,
      null: false,
    },
    layers: ["attribution"],
    tracks: null,
  };
  return { manifest, columns, hits: bySites, codes, observed };
}

interface Site {
  sequence: number;
  start: number;
  family: number;
  strand: 1 | -1;
  strength: number;
}

function makeSequences(
  nSequences: number,
  length: number,
  nFamilies: number,
  integer: (n: number) => number,
  normal: () => number,
  next: () => number,
) {
  const codes: Uint8Array[] = [];
  const observed: Float32Array[] = [];
  const sites: Site[] = [];
  for (let sequence = 0; sequence < nSequences; sequence++) {
    const bases = Uint8Array.from({ length }, () => (next() < 0.003 ? 4 : integer(4)));
    const values = Float32Array.from({ length }, () => normal() * 0.0025);
    const nSites = Math.min(2 + integer(7), Math.floor(length / 40));
    for (let k = 0; k < nSites; k++) {
      const family = Math.min(nFamilies - 1, Math.floor(next() ** 2 * nFamilies));
      const core = CORES[family]!;
      const start = Math.min(
        length - core.length,
        Math.max(0, Math.round(length / 2 + normal() * length * 0.16)),
      );
      const strand = next() < 0.5 ? 1 : -1;
      const strength = (family % 6 === 5 ? -1 : 1) * (0.02 + 0.1 * next() ** 2);
      for (let i = 0; i < core.length; i++) {
        const letter = "ACGT".indexOf(core[strand > 0 ? i : core.length - 1 - i]!);
        bases[start + i] = strand > 0 ? letter : 3 - letter;
        values[start + i] = strength * (0.5 + 0.7 * next());
      }
      sites.push({ sequence, start, family, strand, strength });
    }
    codes.push(bases);
    observed.push(values);
  }
  return { codes, observed, sites };
}

export interface Hit {
  motif: number;
  attribution: number;
  p: number;
  sequence: number;
  start: number;
  strand: number;
}

function makeHits(
  nHits: number,
  nMotifs: number,
  nSequences: number,
  length: number,
  family: Uint32Array,
  width: Uint16Array,
  sites: readonly Site[],
  next: () => number,
  integer: (n: number) => number,
): [string, Column][] {
  const sitesOf = new Map<number, Site[]>();
  for (const site of sites) sitesOf.set(site.family, [...(sitesOf.get(site.family) ?? []), site]);
  const hits: Hit[] = [];
  for (let i = 0; i < nHits; i++) {
    const motif = integer(nMotifs);
    const site =
      next() < 0.25 ? sitesOf.get(family[motif])?.[integer(sitesOf.get(family[motif])!.length)] : undefined;
    // p values are discrete, as those of a scan are
    const p = 10 ** -(4.05 + Math.floor(next() ** 3 * 40) / 8);
    hits.push(
      site
        ? {
            motif,
            attribution: Math.fround(site.strength * width[motif] * (0.5 + 0.5 * next())),
            p: p * 0.1,
            sequence: site.sequence,
            start: site.start,
            strand: site.strand,
          }
        : {
            motif,
            attribution: Math.fround((next() + next() + next() - 1.5) * 0.03),
            p,
            sequence: integer(nSequences),
            start: integer(Math.max(1, length - width[motif])),
            strand: next() < 0.5 ? 1 : -1,
          },
    );
  }
  return encodeHits(hits, width, nSequences);
}

/** Columns of hits, as the kernel sends them. */
export function encodeHits(
  found: readonly Hit[],
  width: Uint16Array,
  nSequences: number,
): [string, Column][] {
  const nMotifs = width.length;
  const hits = [...found].sort(
    (a, b) =>
      a.sequence - b.sequence || a.start - b.start || width[a.motif]! - width[b.motif]! || a.motif - b.motif,
  );
  const hit_offset = new Uint32Array(nSequences + 1);
  for (const { sequence } of hits) hit_offset[sequence + 1]++;
  for (let s = 0; s < nSequences; s++) hit_offset[s + 1] += hit_offset[s];
  const p_level_offset = new Uint32Array(nMotifs + 1);
  const levels: number[] = [];
  const hit_p = new Uint16Array(hits.length);
  for (let m = 0; m < nMotifs; m++) {
    const own = hits.flatMap((hit, h) => (hit.motif === m ? [h] : []));
    const distinct = [...new Set(own.map((h) => hits[h]!.p))].sort((a, b) => a - b);
    for (const h of own) hit_p[h] = distinct.indexOf(hits[h]!.p);
    for (const p of distinct) levels.push(p);
    p_level_offset[m + 1] = levels.length;
  }
  return [
    ["hit_offset", hit_offset],
    ["hit_attribution", Float32Array.from(hits, (hit) => hit.attribution)],
    ["hit_motif", Uint16Array.from(hits, (hit) => hit.motif)],
    ["hit_start", Uint16Array.from(hits, (hit) => hit.start)],
    ["hit_p", hit_p],
    ["hit_strand", Int8Array.from(hits, (hit) => hit.strand)],
    ["p_level_offset", p_level_offset],
    ["p_level", Float64Array.from(levels)],
  ];
}

/** The stops of a slider, rounded. */
function stops(n: number, value: (k: number) => number): Float64Array {
  return Float64Array.from(new Set(Array.from({ length: n }, (_, k) => Number(value(k).toPrecision(3)))));
}

/** A tree that joins leaves two by two, then those. */
function halves(n: number): { joined: number[]; height: number[] } {
  const joined: number[] = [];
  const height: number[] = [];
  let nodes = Array.from({ length: n }, (_, i) => i);
  for (let level = 1; nodes.length > 1; level++) {
    const next: number[] = [];
    for (let i = 0; i < nodes.length; i += 2) {
      if (i + 1 === nodes.length) next.push(nodes[i]!);
      else {
        next.push(n + height.length);
        joined.push(nodes[i]!, nodes[i + 1]!);
        height.push(0.2 + 0.15 * level);
      }
    }
    nodes = next;
  }
  return { joined, height };
}

function makeSeqlets(
  nSeqlets: number,
  nSequences: number,
  length: number,
  family: Uint32Array,
  sites: readonly Site[],
  next: () => number,
  integer: (n: number) => number,
): [string, Column][] {
  const rows = Array.from({ length: nSeqlets }, (_, i) => {
    const site = i < sites.length ? sites[i] : undefined;
    const width = site ? CORES[site.family]!.length + 2 : 5 + integer(8);
    const start = site ? Math.max(0, site.start - 1) : integer(Math.max(1, length - width));
    const likeliest = site
      ? family.findIndex((f, m) => f === site.family && (m < family.length / 3 || next() < 0.3))
      : integer(family.length);
    return {
      sequence: site ? site.sequence : integer(nSequences),
      start,
      end: Math.min(length, start + width),
      attribution: Math.fround(site ? site.strength * width * 0.7 : (next() - 0.4) * 0.02),
      p: site ? 1e-5 * (0.01 + next()) : 0.05 * next(),
      motif: next() < 0.03 ? -1 : likeliest,
      tomtomP: site ? 10 ** -(2.5 + 5 * next()) : next(),
      strand: site ? site.strand : next() < 0.5 ? 1 : -1,
    };
  });
  return [
    ["seqlet_sequence", Uint32Array.from(rows, (row) => row.sequence)],
    ["seqlet_start", Uint32Array.from(rows, (row) => row.start)],
    ["seqlet_end", Uint32Array.from(rows, (row) => row.end)],
    ["seqlet_attribution", Float32Array.from(rows, (row) => row.attribution)],
    ["seqlet_p", Float64Array.from(rows, (row) => row.p)],
    ["seqlet_motif", Int32Array.from(rows, (row) => row.motif)],
    ["seqlet_tomtom_p", Float64Array.from(rows, (row) => row.tomtomP)],
    ["seqlet_strand", Int8Array.from(rows, (row) => row.strand)],
  ];
}

/** What each base would get: the observed value where it is, less or the opposite elsewhere. */
export function hypotheticalOf(codes: Uint8Array, observed: Float32Array): Float32Array {
  const length = codes.length;
  const values = new Float32Array(4 * length);
  for (let i = 0; i < length; i++) {
    for (let c = 0; c < 4; c++) {
      values[c * length + i] = c === codes[i] ? observed[i] : -observed[i] * (0.15 + 0.2 * ((c * 7 + i) % 3));
    }
  }
  return values;
}

export function defaultTraits(manifest: Manifest): Traits {
  return {
    attribution_threshold: 0.01,
    fimo_p_threshold: 1e-4,
    seqlet_p_threshold: 0.01,
    tomtom_p_threshold: 0.01,
    sign: "+",
    window: null,
    sequence_filter: null,
    count_mode: "hits",
    family_similarity: 0.7,
    by_family: true,
    selected_motifs: [],
    motif: null,
    sequence: null,
    viewport: null,
    theme: "auto",
    palette: "classic",
    layers: [],
    reverse_complement: false,
    _manifest: manifest,
    _rev: 1,
    _tracks: [0, 1, 2, 3].filter((s) => s < manifest.n_sequences),
    _sort: [{ column: "count", descending: true }],
    _search: "",
    _filters: {},
    _expanded: [],
    _show_hypothetical: false,
    _pinned: null,
    _shows_pairs: false,
    _y_mode: "own",
    _sequence_order: null,
    _status: { phase: "ready", message: "", done: 0, total: 0 },
  };
}
