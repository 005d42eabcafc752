// Which motifs share sequences, and how far apart they stand.
import { useMemo, useRef, useState } from "preact/hooks";
import type { Counts } from "../counts.ts";
import type { Dataset } from "../dataset.ts";
import { plural, whole } from "../format.ts";
import { shortName } from "../names.ts";
import { showPicked } from "../paging.ts";
import {
  countedSequences,
  type Group,
  MAX_GAP,
  ORIENTATIONS,
  pairsAt,
  type Sites,
  sitesOf,
  spacing,
  together,
} from "../pairs.ts";
import { Bars } from "./Bars.tsx";
import { useScreen } from "./context.ts";
import { Choice, IconButton } from "./controls.tsx";

const GROUPS = 6;
const KINDS = { families: "families", motifs: "motifs" } as const;
type Kind = keyof typeof KINDS;

/** Those of the marked motifs; with fewer than two, those with the most hits. */
function groupsOf(dataset: Dataset, counts: Counts, selected: readonly number[], kind: Kind): Group[] {
  const isFamily = kind === "families";
  const groupOf = (motif: number): number => (isFamily ? counts.grouping.labels[motif] : motif);
  const members = new Map<number, number[]>();
  for (let m = 0; m < dataset.manifest.n_motifs; m++) {
    const group = members.get(groupOf(m));
    if (group) group.push(m);
    else members.set(groupOf(m), [m]);
  }
  const hits = (group: number): number =>
    Math.max(...members.get(group)!.map((m) => counts.motifs.sequences[m]));
  let chosen = [...new Set(selected.map(groupOf))];
  if (chosen.length < 2)
    chosen = [...new Set([...chosen, ...[...members.keys()].sort((a, b) => hits(b) - hits(a))])].slice(
      0,
      GROUPS,
    );
  return chosen.map((group) => {
    const motifs = members.get(group)!;
    const { motif_names } = dataset.manifest;
    return { name: isFamily ? counts.grouping.names[group] : shortName(motif_names[group]), motifs };
  });
}

/** Everything at the last thresholds that did not move: pairs take longer than a frame. */
function useSites(kind: Kind): { groups: Group[]; sites: Sites[]; nSequences: number; isStale: boolean } {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const thresholds = store.thresholds.value;
  const selected = store.selected.value;
  const isMoving = store.dragging.value;
  const inputs = useRef({ dataset, counts, thresholds, selected });
  if (!isMoving) inputs.current = { dataset, counts, thresholds, selected };
  const { current } = inputs;
  const found = useMemo(() => {
    const groups = groupsOf(current.dataset, current.counts, current.selected, kind);
    const sites = groups.map((group) => sitesOf(current.dataset, current.counts, current.thresholds, group));
    const nSequences = countedSequences(current.dataset, current.thresholds);
    return { groups, sites, nSequences };
  }, [current.dataset, current.counts, current.thresholds, current.selected, kind]);
  return { ...found, isStale: current.thresholds !== thresholds };
}

export function Pairs({ onClose }: { onClose?: (() => void) | undefined }) {
  const { store } = useScreen();
  const [kind, setKind] = useState<Kind>("families");
  const { groups, sites, nSequences, isStale } = useSites(kind);
  const [chosen, setChosen] = useState<[string, string] | null>(null);
  const place = (name: string | undefined, otherwise: number): number => {
    const at = groups.findIndex((group) => group.name === name);
    return at < 0 ? Math.min(otherwise, groups.length - 1) : at;
  };
  const [a, b] = [place(chosen?.[0], 0), place(chosen?.[1], 1)];
  return (
    <section class="nbm-sheet" aria-label="Pairs of motifs">
      <header>
        <h3>Pairs of</h3>
        <Choice label="What is paired" value={kind} options={KINDS} onChange={setKind} />
        <span class="nbm-muted">
          {groups.every(({ motifs }) => motifs.some((motif) => store.slots.value.has(motif)))
            ? "that are marked"
            : "in most sequences; mark others in the table"}
        </span>
        <span class="nbm-spacer" />
        {onClose && <IconButton icon="close" label="Close the pairs" onClick={onClose} />}
      </header>
      {!store.dataset.value!.manifest.has.hits || groups.length === 0 ? (
        <p class="nbm-message">There is nothing to pair: give the Explorer hits.</p>
      ) : (
        <div class="nbm-sheet-body" data-stale={isStale}>
          <div class="nbm-pairs">
            <table>
              <thead>
                <tr>
                  <td />
                  {groups.map(({ name }) => (
                    <th key={name} scope="col">
                      <span class="nbm-clip">{name}</span>
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {groups.map(({ name }, row) => (
                  <tr key={name}>
                    <th scope="row">
                      <span class="nbm-clip">{name}</span>
                    </th>
                    {groups.slice(0, row + 1).map((other, column) => (
                      <td key={other.name}>
                        <Cell
                          names={[name, other.name]}
                          sites={[sites[row], sites[column]]}
                          nSequences={nSequences}
                          isChosen={(row === a && column === b) || (row === b && column === a)}
                          onChoose={() => setChosen([other.name, name])}
                        />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
            <p class="nbm-muted">Sequences with both; in colour: more than by chance.</p>
          </div>
          <Spacings
            names={[groups[a].name, groups[b].name]}
            a={sites[a]}
            b={sites[b]}
            nSequences={nSequences}
          />
        </div>
      )}
    </section>
  );
}

const inWords = (
  [first, second]: readonly [string, string],
  isSame: boolean,
  { observed, expected }: ReturnType<typeof together>,
  caveat: string,
): string =>
  (isSame
    ? `${first} in ${plural(observed, "sequence")}`
    : `${first} and ${second}: ${plural(observed, "sequence")} with both, ${whole(Math.round(expected))} by chance`) +
  caveat;

function Cell(props: {
  names: readonly [string, string];
  sites: readonly [Sites, Sites];
  nSequences: number;
  isChosen: boolean;
  onChoose: () => void;
}) {
  const { store } = useScreen();
  const { names, sites, nSequences, isChosen, onChoose } = props;
  const isSame = sites[0] === sites[1];
  const both = together(...sites, nSequences);
  const { observed, expected } = both;
  const fold = isSame || expected === 0 ? 1 : observed / expected;
  const share = Math.round(40 * Math.min(1, Math.max(0, Math.log2(fold))));
  const words = inWords(names, isSame, both, store.caveat.value);
  return (
    <button
      aria-label={words}
      title={words}
      aria-pressed={isChosen}
      style={{ background: `color-mix(in srgb, var(--nbm-accent) ${share}%, transparent)` }}
      onClick={onChoose}
    >
      {whole(observed)}
    </button>
  );
}

function Spacings(props: { names: readonly [string, string]; a: Sites; b: Sites; nSequences: number }) {
  const { store } = useScreen();
  const { names, a, b, nSequences } = props;
  const { observed, expected } = useMemo(() => spacing(a, b), [a, b]);
  const isSame = a === b;
  const [first, second] = names;
  const titles = isSame
    ? [`${first}→ ${first}→`, "", `${first}→ ←${first}`, `←${first} ${first}→`]
    : [`${first}→ ${second}→`, `${second}→ ${first}→`, `${first}→ ←${second}`, `←${first} ${second}→`];
  const both = together(a, b, nSequences);
  return (
    <div class="nbm-spacings">
      <h4>
        {inWords(names, isSame, both, store.caveat.value)}. Pairs by the gap between them
        {expected && "; the line is what their positions alone give"}.
      </h4>
      {ORIENTATIONS.map((orientation, i) => {
        if (isSame && i === 1) return null;
        const n = observed[i].reduce((sum, value) => sum + value, 0);
        const pairs = `${titles[i]}: ${plural(n, "pair")}`;
        return (
          <Bars
            key={orientation}
            title={n > 0 ? `${pairs}, at most ${Math.max(...observed[i])} per gap` : pairs}
            label={`${pairs}, ${orientation}, less than ${MAX_GAP} bases apart`}
            all={observed[i]}
            passing={observed[i]}
            expected={expected?.[i]}
            ends={["0", `${MAX_GAP} bp`]}
            describe={(gap) => `${plural(observed[i][gap], "pair")} with a gap of ${gap} bp: show them`}
            onPick={(gap) => showPicked(store, pairsAt(a, b, i, gap))}
          />
        );
      })}
    </div>
  );
}
