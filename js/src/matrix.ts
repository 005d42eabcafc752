// Matrices as text, to be pasted elsewhere.
import type { Dataset } from "./dataset.ts";

/** A motif as a MEME file. */
export function memeText(dataset: Dataset, motif: number): string {
  const pwm = dataset.pwmOf(motif);
  const rows: string[] = [];
  for (let i = 0; i < pwm.length; i += 4) {
    const column = Array.from(pwm.subarray(i, i + 4));
    const total = column.reduce((sum, value) => sum + value, 0) || 1;
    rows.push(column.map((value) => (value / total).toFixed(6)).join(" "));
  }
  return `MEME version 4

ALPHABET= ACGT

strands: + -

MOTIF ${dataset.manifest.motif_names[motif]}
letter-probability matrix: alength= 4 w= ${rows.length}
${rows.join("\n")}
`;
}

/** Weights of shape (4, width) as a table with a row per position. */
export function tableText(weights: Float32Array, width: number): string {
  const rows = Array.from({ length: width }, (_, i) =>
    [0, 1, 2, 3].map((base) => String(Number(weights[base * width + i].toPrecision(6)))).join("\t"),
  );
  return `A\tC\tG\tT\n${rows.join("\n")}\n`;
}
