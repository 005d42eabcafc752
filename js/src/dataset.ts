// The columns of one study, checked against its manifest, and the indexes that views need over them.
import type { Columns } from "./decode.ts";
import { shortName } from "./names.ts";
import type { Manifest } from "./wire.ts";

/** Hits, motif-major; inside a motif the strongest attribution first. */
export interface HitColumns {
  offset: Uint32Array;
  attribution: Float32Array;
  /** Index into the motif's own ascending list of p values. */
  level: Uint16Array | Uint32Array;
  sequence: Uint32Array;
  start: Uint32Array;
  strand: Int8Array;
}

export interface SeqletColumns {
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

/** Items of each sequence: `item[offset[s]] .. item[offset[s + 1]]`. */
export interface SequenceIndex {
  offset: Uint32Array;
  item: Uint32Array;
}

export class Dataset {
  readonly manifest: Manifest;
  readonly motifWidth: Uint16Array;
  /** Probabilities times 255, column after column, A C G T. */
  readonly pwm: Uint8Array;
  readonly pwmOffset: Uint32Array;
  readonly family: Uint32Array;
  readonly marginal: Float32Array;
  readonly hits: HitColumns;
  readonly levelOffset: Uint32Array;
  readonly levelP: Float64Array;
  readonly seqlets: SeqletColumns;
  readonly motifIndex: ReadonlyMap<string, number>;
  #hitMotif: Uint32Array | undefined;
  #hitsBySequence: SequenceIndex | undefined;
  #seqletsBySequence: SequenceIndex | undefined;
  #hitsUpToLevel: Uint32Array | undefined;
  #seenDownTo: Uint32Array | undefined;
  #seenUpTo: Uint32Array | undefined;
  #labels: string[] | undefined;
  readonly #strongestHits = new Map<number, Uint32Array>();

  constructor(manifest: Manifest, columns: Columns) {
    const { n_motifs: nMotifs, n_hits: nHits, n_seqlets: nSeqlets } = manifest;
    this.manifest = manifest;
    this.motifWidth = columns.take("motif_width", "u16", nMotifs);
    this.pwmOffset = new Uint32Array(nMotifs + 1);
    for (let m = 0; m < nMotifs; m++) this.pwmOffset[m + 1] = this.pwmOffset[m] + 4 * this.motifWidth[m];
    this.pwm = columns.take("pwm", "u8", this.pwmOffset[nMotifs]);
    this.family = columns.take("family", "u32", nMotifs);
    this.marginal = columns.take("marginal", "f32");
    if (this.marginal.length !== nMotifs) this.marginal = new Float32Array(nMotifs).fill(Number.NaN);
    this.hits = {
      offset: columns.take("hit_offset", "u32", nMotifs + 1),
      attribution: columns.take("hit_attribution", "f32", nHits),
      // more than 65,536 different p values of one motif need the wider type
      level: columns.take("hit_p", columns.dtype("hit_p") === "u32" ? "u32" : "u16", nHits),
      sequence: columns.take("hit_sequence", "u32", nHits),
      start: columns.take("hit_start", "u32", nHits),
      strand: columns.take("hit_strand", "i8", nHits),
    };
    this.levelOffset = columns.take("p_level_offset", "u32");
    if (this.levelOffset.length !== nMotifs + 1) this.levelOffset = new Uint32Array(nMotifs + 1);
    this.levelP = columns.take("p_level", "f64", this.levelOffset[nMotifs]);
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
    this.motifIndex = new Map(manifest.motif_names.map((name, m) => [name, m]));
  }

  /** The motif of each hit. */
  get hitMotif(): Uint32Array {
    if (!this.#hitMotif) {
      const { offset } = this.hits;
      this.#hitMotif = new Uint32Array(this.manifest.n_hits);
      for (let m = 0; m < this.manifest.n_motifs; m++) this.#hitMotif.fill(m, offset[m], offset[m + 1]);
    }
    return this.#hitMotif;
  }

  get hitsBySequence(): SequenceIndex {
    this.#hitsBySequence ??= groupBySequence(this.hits.sequence, this.manifest.n_sequences);
    return this.#hitsBySequence;
  }

  /** Hits of one sequence, strongest |attribution| first; sorted when first asked for. */
  strongestHits(sequence: number): Uint32Array {
    let hits = this.#strongestHits.get(sequence);
    if (!hits) {
      const { attribution } = this.hits;
      const { offset, item } = this.hitsBySequence;
      hits = item
        .slice(offset[sequence], offset[sequence + 1])
        .sort((a, b) => Math.abs(attribution[b]) - Math.abs(attribution[a]) || a - b);
      this.#strongestHits.set(sequence, hits);
    }
    return hits;
  }

  get seqletsBySequence(): SequenceIndex {
    this.#seqletsBySequence ??= groupBySequence(this.seqlets.sequence, this.manifest.n_sequences);
    return this.#seqletsBySequence;
  }

  /** For each p level of each motif: how many of the motif's hits have this level or a smaller p. */
  get hitsUpToLevel(): Uint32Array {
    if (!this.#hitsUpToLevel) {
      const { offset, level } = this.hits;
      const upTo = new Uint32Array(this.levelP.length);
      for (let m = 0; m < this.manifest.n_motifs; m++) {
        const base = this.levelOffset[m];
        for (let h = offset[m]; h < offset[m + 1]; h++) upTo[base + level[h]]++;
        for (let k = base + 1; k < this.levelOffset[m + 1]; k++) upTo[k] += upTo[k - 1];
      }
      this.#hitsUpToLevel = upTo;
    }
    return this.#hitsUpToLevel;
  }

  /** Distinct sequences among the first hits of a motif, those before `end`. */
  sequencesDownTo(motif: number, end: number): number {
    this.#seenDownTo ??= this.#countSeen(1);
    return end > this.hits.offset[motif] ? this.#seenDownTo[end - 1] : 0;
  }

  /** Distinct sequences among the last hits of a motif, from `start` on. */
  sequencesUpTo(motif: number, start: number): number {
    this.#seenUpTo ??= this.#countSeen(-1);
    return start < this.hits.offset[motif + 1] ? this.#seenUpTo[start] : 0;
  }

  /** For each hit: distinct sequences of its motif from the first (or the last) hit up to it. */
  #countSeen(direction: 1 | -1): Uint32Array {
    const { offset, sequence } = this.hits;
    const seen = new Uint32Array(this.manifest.n_hits);
    const lastSeen = new Uint32Array(this.manifest.n_sequences);
    for (let m = 0; m < this.manifest.n_motifs; m++) {
      const n = offset[m + 1] - offset[m];
      const first = direction > 0 ? offset[m] : offset[m + 1] - 1;
      for (let i = 0, distinct = 0; i < n; i++) {
        const h = first + direction * i;
        if (lastSeen[sequence[h]] !== m + 1) distinct++;
        lastSeen[sequence[h]] = m + 1;
        seen[h] = distinct;
      }
    }
    return seen;
  }

  hitP(hit: number): number {
    return this.levelP[this.levelOffset[this.hitMotif[hit]] + this.hits.level[hit]];
  }

  hitEnd(hit: number): number {
    return this.hits.start[hit] + this.motifWidth[this.hitMotif[hit]];
  }

  familyName(motif: number): string {
    return this.manifest.family_names[this.family[motif]] ?? "";
  }

  /** The motif's name as it stands in a box; shortened once. */
  labelOf(motif: number): string {
    this.#labels ??= this.manifest.motif_names.map(shortName);
    return this.#labels[motif]!;
  }

  /** The motif as probabilities, column after column. */
  pwmOf(motif: number): Uint8Array {
    return this.pwm.subarray(this.pwmOffset[motif], this.pwmOffset[motif + 1]);
  }

  sequenceName(sequence: number): string {
    return this.manifest.sequence_names?.[sequence] ?? `sequence ${sequence}`;
  }
}

/** A counting sort of items by sequence; stable. */
export function groupBySequence(sequence: Uint32Array, nSequences: number): SequenceIndex {
  const offset = new Uint32Array(nSequences + 1);
  for (let i = 0; i < sequence.length; i++) offset[sequence[i] + 1]++;
  for (let s = 0; s < nSequences; s++) offset[s + 1] += offset[s];
  const next = offset.slice(0, nSequences);
  const item = new Uint32Array(sequence.length);
  for (let i = 0; i < sequence.length; i++) item[next[sequence[i]]++] = i;
  return { offset, item };
}
