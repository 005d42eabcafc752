// Marked motifs and the place of each one's colour, the card of one, and families whose motifs are shown.
import type { Dataset } from "./dataset.ts";
import { type Families, itemsOf } from "./families.ts";
import type { Store } from "./store.ts";

const MAX_MARKED = 8;

/** The place of each motif's colour: that of its own name among the marked ones, or else of its family's. */
export function slotsOf(
  { motifIndex }: Dataset,
  families: Families,
  marked: readonly string[],
): Map<number, number> {
  const { names, members } = families;
  const slots = new Map<number, number>();
  marked.forEach((name, slot) => {
    for (const motif of itemsOf(members, names.indexOf(name))) if (!slots.has(motif)) slots.set(motif, slot);
  });
  marked.forEach((name, slot) => {
    if (motifIndex.has(name)) slots.set(motifIndex.get(name)!, slot);
  });
  return slots;
}

export function toggleMotif(store: Store, name: string): void {
  const marked = store.traits.selected_motifs.peek();
  if (marked.includes(name)) {
    store.set({ selected_motifs: marked.filter((other) => other !== name) });
  } else if (marked.length >= MAX_MARKED) {
    store.say(`${MAX_MARKED} motifs can be marked at once; click a marked one to free its colour.`);
  } else {
    store.set({ selected_motifs: [...marked, name] });
  }
}

/** Marks a motif, or all of a ~family; or takes the mark away. */
export function toggleRow(store: Store, row: number): void {
  toggleMotif(store, row < 0 ? store.families.peek()!.names[~row] : store.manifest.motif_names[row]);
}

/** The colour of a motif, or of ~family, as its place among the marked ones; -1 for none. */
export function slotOf(store: Store, row: number): number {
  const families = store.families.value;
  const name = row < 0 ? families?.names[~row] : store.manifest.motif_names[row];
  return name === undefined ? -1 : store.traits.selected_motifs.value.indexOf(name);
}

/** Opens the card of a motif, or of a family's medoid, or of its top motif if that counts twice as much; or closes it. */
export function openCard(store: Store, name: string): void {
  const { names, members } = store.families.peek()!;
  const { count } = store.counts.peek()!.motifs;
  const { tree, motifIndex, manifest } = store.dataset.peek()!;
  // a marked family may be one at another similarity: it has a medoid, and no members now
  const medoid = tree.medoid[manifest.family_names.indexOf(name)];
  const motif = motifIndex.has(name)
    ? name
    : manifest.motif_names[
        itemsOf(members, names.indexOf(name)).reduce(
          (a, b) => (count[b] > (a === medoid ? 2 : 1) * count[a] ? b : a),
          medoid,
        )
      ];
  store.set({ motif: store.traits.motif.peek() === motif ? null : motif });
}

export const isExpanded = (store: Store, family: number): boolean =>
  store.traits._expanded.value.includes(store.families.value!.names[family]);

export function expand(store: Store, family: number, isWanted: boolean): void {
  const name = store.families.peek()!.names[family];
  const others = store.traits._expanded.peek().filter((other) => other !== name);
  store.set({ _expanded: isWanted ? [...others, name] : others });
}
