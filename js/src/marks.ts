// Marked motifs, and the place of each one's colour.
import type { Dataset } from "./dataset.ts";
import { type Families, itemsOf } from "./families.ts";

/** The place of each motif's colour: that of its own name among the marked ones, or else of its family's. */
export function slotsOf(
  { motifIndex }: Dataset,
  families: Families,
  marked: readonly string[],
): Map<number, number> {
  const { names, members } = families;
  const slots = new Map<number, number>();
  marked.forEach((name, slot) => {
    const family = names.indexOf(name);
    if (family < 0) return;
    for (const motif of itemsOf(members, family)) if (!slots.has(motif)) slots.set(motif, slot);
  });
  marked.forEach((name, slot) => {
    if (motifIndex.has(name)) slots.set(motifIndex.get(name)!, slot);
  });
  return slots;
}
