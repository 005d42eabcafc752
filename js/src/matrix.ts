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
