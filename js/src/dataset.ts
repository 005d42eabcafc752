// The columns of one study, checked against its manifest, and the indexes that views need over them.
import { type Counter, makeCounter, NO_HITS } from "./counter.ts";
import { lowerBound } from "./counts.ts";
import { Columns } from "./decode.ts";
import { type GroupIndex, group, itemsOf } from "./families.ts";
import { shortName } from "./names.ts";
import type { Manifest } from "./wire.ts";

type Index = Uint16Array | Uint32Array;

/** Hits in the order of their places: by sequence, start and end. */
interface HitColumns {
  /** Those of sequence `s`: `offset[s] .. offset[s + 1]`. */
  offset: Uint32Array;
  attribution: Float32Array;
  motif: Index;
  /** Index into the motif's own ascending list of p values. */
  level: Index;
  start: Index;
  strand: Int8Array;
  sequence: Uint32Array;
}

interface SeqletColumns {
  sequence: Uint32Array;
  start: Uint32Array;
  end: Uint32Array;
  attribution: Float32Array;
  p: Float64Array;
  /** Best match in the database, -1 for none. */
  motif: Int32Array;
  tomtomP: Float64Array;
  strand: Int8Array;
}

/** Where sliders can stand: attributions ascend, p values fall. */
export interface Stops {
  attribution: Float64Array;
  fimoP: Float64Array;
  seqletP: Float64Array;
  tomtomP: Float64Array;
}

export class Dataset {
  readonly manifest: Manifest;
  readonly motifWidth: Uint16Array;
  /** Probabilities times 255, column after column, A C G T. */
  readonly pwm: Uint8Array;
  readonly pwmOffset: Uint32Array;
  /** Each motif by itself. */
  readonly everyMotif: Uint32Array;
  /** Which of equally good motifs wins a place. */
  readonly motifRank: Uint32Array;
  readonly tree: { leaf: Uint32Array; joined: Uint32Array; height: Float64Array; medoid: Uint32Array };
  readonly marginal: Float32Array;
  readonly stops: Stops;
  readonly levelOffset: Uint32Array;
  readonly levelP: Float64Array;
  readonly seqlets: SeqletColumns;
  readonly motifIndex: ReadonlyMap<string, number>;
  /** The strongest hits, in the order of their places; behind them those of single sequences that came later. */
  hits: HitColumns;
  /** Whether the strongest hits have come. */
  readonly hasHits: boolean;
  #counter: Counter | undefined;
  #levelCut: { fimoP: number; cut: Uint32Array } | undefined;
  #byStrength: Uint32Array | undefined;
  #byMotif: GroupIndex | undefined;
  #seqletsBySequence: GroupIndex | undefined;
  #labels: string[] | undefined;
  readonly #strongestHits = new Map<number, Uint32Array>();
  /** Sequences of which all hits are here, also those below the floor: where the further ones begin and end. */
  readonly #further = new Map<number, [number, number]>();
  readonly #furtherP: number[] = [];

  constructor(manifest: Manifest, columns: Columns, hits: Columns | null = null) {
    const { n_motifs: nMotifs, n_seqlets: nSeqlets, n_sequences: nSequences } = manifest;
    this.manifest = manifest;
    this.motifWidth = columns.take("motif_width", "u16", nMotifs);
    this.pwmOffset = new Uint32Array(nMotifs + 1);
    for (let m = 0; m < nMotifs; m++) this.pwmOffset[m + 1] = this.pwmOffset[m] + 4 * this.motifWidth[m];
    this.pwm = columns.take("pwm", "u8", this.pwmOffset[nMotifs]);
    this.everyMotif = Uint32Array.from({ length: nMotifs }, (_, m) => m);
    this.motifRank = columns.take("motif_rank", "u32", nMotifs);
    const height = columns.take("tree_height", "f64");
    this.tree = {
      leaf: columns.take("tree_leaf", "u32", nMotifs),
      joined: columns.take("tree_joined", "u32", 2 * height.length),
      height,
      medoid: columns.take("tree_medoid", "u32", manifest.family_names.length),
    };
    this.marginal = columns.take("marginal", "f32");
    if (this.marginal.length !== nMotifs) this.marginal = new Float32Array(nMotifs).fill(Number.NaN);
    this.stops = {
      attribution: columns.take("attribution_stop", "f64"),
      fimoP: columns.take("fimo_p_stop", "f64"),
      seqletP: columns.take("seqlet_p_stop", "f64"),
      tomtomP: columns.take("tomtom_p_stop", "f64"),
    };
    // until they come there is none
    const found =
      hits ??
      new Columns(
        new Map([
          ["p_level_offset", new Uint32Array(nMotifs + 1)],
          ["hit_offset", new Uint32Array(nSequences + 1)],
        ]),
      );
    this.levelOffset = found.take("p_level_offset", "u32", nMotifs + 1);
    this.levelP = found.take("p_level", "f64", this.levelOffset[nMotifs]);
    this.seqlets = {
      sequence: columns.take("seqlet_sequence", "u32", nSeqlets),
      start: columns.take("seqlet_start", "u32", nSeqlets),
      end: columns.take("seqlet_end", "u32", nSeqlets),
      attribution: columns.take("seqlet_attribution", "f32", nSeqlets),
      p: columns.take("seqlet_p", "f64", nSeqlets),
      motif: columns.take("seqlet_motif", "i32", nSeqlets),
      tomtomP: columns.take("seqlet_tomtom_p", "f64", nSeqlets),
      strand: columns.take("seqlet_strand", "i8", nSeqlets),
    };
    this.hasHits = hits !== null;
    this.hits = takeHits(found, nSequences, hits ? manifest.n_hits : 0);
    this.motifIndex = new Map(manifest.motif_names.map((name, m) => [name, m]));
  }

  /** Attributions from which on all hits are here. */
  get floor(): number {
    return this.hasHits ? this.manifest.floor : Number.POSITIVE_INFINITY;
  }

  /** Made when the hits are first counted. */
  get counter(): Counter {
    this.#counter ??= this.hits.offset.at(-1) ? makeCounter(this) : NO_HITS;
    return this.#counter;
  }

  /** Adds the hits of one sequence that are weaker than the floor, of all its hits. */
  addHits(sequence: number, columns: Columns): void {
    const all = takeHits(columns, 1);
    const further = [...all.motif.keys()].filter((i) => Math.abs(all.attribution[i]) <= this.manifest.floor);
    const from = this.hits.motif.length;
    const append = <A extends Index | Float32Array | Int8Array>(to: A, values: ArrayLike<number>): A => {
      const longer = new (to.constructor as new (n: number) => A)(from + further.length);
      longer.set(to);
      further.forEach((i, k) => {
        longer[from + k] = values[i];
      });
      return longer;
    };
    const { hits } = this;
    const levelOffset = columns.take("p_level_offset", "u32");
    const levelP = columns.take("p_level", "f64");
    for (const i of further) this.#furtherP.push(levelP[levelOffset[all.motif[i]] + all.level[i]]);
    this.hits = {
      offset: hits.offset,
      attribution: append(hits.attribution, all.attribution),
      motif: append(hits.motif, all.motif),
      level: append(hits.level, all.level),
      start: append(hits.start, all.start),
      strand: append(hits.strand, all.strand),
      sequence: append(hits.sequence, new Uint32Array(all.motif.length).fill(sequence)),
    };
    this.#further.set(sequence, [from, this.hits.motif.length]);
    this.#strongestHits.delete(sequence);
  }

  hasAllHitsOf(sequence: number): boolean {
    return this.manifest.n_hits >= this.manifest.n_hits_total || this.#further.has(sequence);
  }

  /** Whether any hit of a sequence passes a test: first those in the order of their places, then those that came later. */
  someHitIn(sequence: number, test: (hit: number) => unknown): boolean {
    const { offset } = this.hits;
    for (const [from, to] of [
      [offset[sequence], offset[sequence + 1]],
      this.#further.get(sequence) ?? [0, 0],
    ])
      for (let h = from!; h < to!; h++) if (test(h)) return true;
    return false;
  }

  /** Hits of one sequence, strongest |attribution| first; sorted when first asked for. */
  strongestHits(sequence: number): Uint32Array {
    let hits = this.#strongestHits.get(sequence);
    if (!hits) {
      const { attribution } = this.hits;
      const found: number[] = [];
      this.someHitIn(sequence, (h) => void found.push(h));
      hits = Uint32Array.from(found);
      hits.sort((a, b) => Math.abs(attribution[b]) - Math.abs(attribution[a]) || a - b);
      this.#strongestHits.set(sequence, hits);
    }
    return hits;
  }

  /** The hits of each sequence in the order in which they win their places; see the kernel's `winners`. */
  get byStrength(): Uint32Array {
    if (!this.#byStrength) {
      const { offset, motif, attribution } = this.hits;
      const order = Uint32Array.from({ length: offset.at(-1)! }, (_, h) => h);
      const strength = Float64Array.from(
        order,
        (h) => Math.abs(attribution[h]) / Math.sqrt(this.motifWidth[motif[h]]),
      );
      const compare = (a: number, b: number): number =>
        strength[b] - strength[a] ||
        this.hitP(a) - this.hitP(b) ||
        this.motifRank[motif[a]] - this.motifRank[motif[b]] ||
        a - b;
      for (let s = 0; s + 1 < offset.length; s++) order.subarray(offset[s], offset[s + 1]).sort(compare);
      this.#byStrength = order;
    }
    return this.#byStrength;
  }

  /** The hits of a motif, of those that came first. */
  hitsOf(motif: number): Uint32Array {
    this.#byMotif ??= group(this.hits.motif.subarray(0, this.hits.offset.at(-1)), this.manifest.n_motifs);
    return itemsOf(this.#byMotif, motif);
  }

  /** The seqlets of a sequence. */
  seqletsOf(sequence: number): Uint32Array {
    this.#seqletsBySequence ??= group(this.seqlets.sequence, this.manifest.n_sequences);
    return itemsOf(this.#seqletsBySequence, sequence);
  }

  /** Per motif: levels below this index pass the threshold. */
  levelCut(fimoP: number): Uint32Array {
    if (this.#levelCut?.fimoP !== fimoP) {
      const { levelOffset, levelP } = this;
      const cut = this.everyMotif.map(
        (m) => lowerBound(levelP, fimoP, levelOffset[m], levelOffset[m + 1]) - levelOffset[m],
      );
      this.#levelCut = { fimoP, cut };
    }
    return this.#levelCut.cut;
  }

  hitP(hit: number): number {
    const further = hit - this.hits.offset.at(-1)!;
    if (further >= 0) return this.#furtherP[further];
    return this.levelP[this.levelOffset[this.hits.motif[hit]] + this.hits.level[hit]];
  }

  hitEnd(hit: number): number {
    return this.hits.start[hit] + this.motifWidth[this.hits.motif[hit]];
  }

  /** The motif's name as it stands in a box; shortened once. */
  labelOf(motif: number): string {
    this.#labels ??= this.manifest.motif_names.map(shortName);
    return this.#labels[motif];
  }

  /** The motif as probabilities, column after column. */
  pwmOf(motif: number): Uint8Array {
    return this.pwm.subarray(this.pwmOffset[motif], this.pwmOffset[motif + 1]);
  }

  sequenceName(sequence: number): string {
    return this.manifest.sequence_names?.[sequence] ?? `sequence ${sequence}`;
  }
}

function takeHits(columns: Columns, nSequences: number, nHits?: number): HitColumns {
  const offset = columns.take("hit_offset", "u32", nSequences + 1);
  const n = nHits ?? offset.at(-1)!;
  const sequence = new Uint32Array(n);
  for (let s = 0; s < nSequences; s++) sequence.fill(s, offset[s], offset[s + 1]);
  return {
    offset,
    attribution: columns.take("hit_attribution", "f32", n),
    motif: columns.takeIndex("hit_motif", n),
    // more than 65,536 different p values of one motif need the wider type
    level: columns.takeIndex("hit_p", n),
    start: columns.takeIndex("hit_start", n),
    strand: columns.take("hit_strand", "i8", n),
    sequence,
  };
}
