// Families of motifs: the tree that the kernel sent once, cut at any similarity.
import type { Dataset } from "./dataset.ts";

export interface Families {
  /** The family of each motif; families are numbered by their first motifs. */
  labels: Uint32Array;
  names: string[];
  /** The motif of each family that is most like the others. */
  medoids: Uint32Array;
  /** The motifs of each family. */
  members: GroupIndex;
}

/** Joins motifs that are on average at least as similar; the same comparisons as in the kernel. */
export function cutTree({ manifest, tree }: Dataset, similarity: number): Families {
  const { leaf, joined, height, medoid } = tree;
  const nLeaves = manifest.family_names.length - height.length;
  const top = Uint32Array.from(manifest.family_names, (_, node) => node);
  let nJoined = 0;
  while (nJoined < height.length && height[nJoined] <= 1 - similarity) nJoined++;
  for (let k = nJoined - 1; k >= 0; k--) {
    top[joined[2 * k]] = top[nLeaves + k];
    top[joined[2 * k + 1]] = top[nLeaves + k];
  }
  const familyOf = new Map<number, number>();
  const labels = Uint32Array.from(leaf, (l) => {
    const node = top[l];
    if (!familyOf.has(node)) familyOf.set(node, familyOf.size);
    return familyOf.get(node)!;
  });
  const nodes = [...familyOf.keys()];
  return {
    labels,
    names: nodes.map((node) => manifest.family_names[node]),
    medoids: Uint32Array.from(nodes, (node) => medoid[node]),
    members: group(labels, nodes.length),
  };
}

/** Items of each group: `item[offset[g]] .. item[offset[g + 1]]`. */
export interface GroupIndex {
  offset: Uint32Array;
  item: Uint32Array;
}

/** The items of one group; none of group -1. */
export const itemsOf = ({ offset, item }: GroupIndex, g: number): Uint32Array =>
  item.subarray(offset[g], offset[g + 1]);

/** A counting sort of items by their group; stable. */
export function group(groupOf: ArrayLike<number>, nGroups: number): GroupIndex {
  const offset = new Uint32Array(nGroups + 1);
  for (let i = 0; i < groupOf.length; i++) offset[groupOf[i] + 1]++;
  for (let g = 0; g < nGroups; g++) offset[g + 1] += offset[g];
  const next = offset.slice(0, nGroups);
  const item = new Uint32Array(groupOf.length);
  for (let i = 0; i < groupOf.length; i++) item[next[groupOf[i]]++] = i;
  return { offset, item };
}
