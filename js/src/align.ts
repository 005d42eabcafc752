// Motifs of a family under each other, as their logos fit best.
import type { Dataset } from "./dataset.ts";
import { informationContent } from "./draw/motif.ts";
import type { Families } from "./families.ts";

interface Aligned {
  motif: number;
  /** Columns from the first one of the motif they are compared with. */
  offset: number;
  reverse: boolean;
  /** Cosine between the logos as they lie, 1 for a copy. */
  similarity: number;
}

/** Columns less 1/4 times their information, as a vector of length 1. */
function logoVector(pwm: Uint8Array): Float32Array {
  const bits = informationContent(pwm);
  const logo = new Float32Array(pwm.length);
  let norm = 0;
  for (let i = 0; i < pwm.length; i++) {
    logo[i] = (pwm[i] / 255 - 0.25) * bits[i >> 2];
    norm += logo[i] ** 2;
  }
  return norm > 0 ? logo.map((value) => value / Math.sqrt(norm)) : logo;
}

function overlapProduct(a: Float32Array, b: Float32Array, offset: number): number {
  let sum = 0;
  for (let i = Math.max(0, 4 * offset); i < Math.min(a.length, 4 * offset + b.length); i++)
    sum += a[i] * b[i - 4 * offset];
  return sum;
}

/** A motif and the others of its family where they fit best, the most similar first. */
export function alignFamily(dataset: Dataset, { labels }: Families, motif: number): Aligned[] {
  const own = logoVector(dataset.pwmOf(motif));
  const aligned: Aligned[] = [];
  for (let other = 0; other < dataset.manifest.n_motifs; other++) {
    if (labels[other] !== labels[motif]) continue;
    const logo = logoVector(dataset.pwmOf(other));
    let best: Aligned = { motif: other, offset: 0, reverse: false, similarity: 0 };
    for (const reverse of [false, true]) {
      // column after column in the order A C G T: backwards it is the reverse complement
      if (reverse) logo.reverse();
      for (let offset = 1 - logo.length / 4; offset < own.length / 4; offset++) {
        const similarity = overlapProduct(own, logo, offset);
        if (similarity > best.similarity) best = { motif: other, offset, reverse, similarity };
      }
    }
    aligned.push(best);
  }
  const rank = (each: Aligned): number => (each.motif === motif ? 2 : each.similarity);
  return aligned.sort((a, b) => rank(b) - rank(a));
}
