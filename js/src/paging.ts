// Which sequences are shown: pages of a ranking, and the way from site to site through them.
import { plural, threshold, whole } from "./format.ts";
import { centerOn, zoom } from "./layout.ts";
import { nextSite, type Place } from "./ranking.ts";
import type { Store } from "./store.ts";

/** Shows the page of the ranking that begins at `at`, or at the last full page before its end. */
export function goTo(store: Store, at: number, ranking = store.ranking()): void {
  const size = store.pageSize.peek();
  const last = Math.floor(Math.max(0, ranking.length - 1) / size) * size;
  const page = Math.max(0, Math.min(at, last));
  store.page.value = page;
  store.set({ _tracks: ranking.slice(page, page + size) });
}

export const turnPage = (store: Store, by: 1 | -1): void =>
  goTo(store, (store.page.peek() ?? 0) + by * store.pageSize.peek());

/** So many sequences at a time, from the first that is shown. */
export function resizePage(store: Store, size: number): void {
  const ranking = store.ranking();
  const first = ranking.indexOf(store.shownSequences.peek()[0]);
  store.pageSize.value = size;
  goTo(store, Math.max(0, first), ranking);
}

/** From the screen to the sequence: the other way where the reverse complement is shown. */
export const along = (store: Store, onScreen: 1 | -1): 1 | -1 =>
  store.traits.reverse_complement.peek() ? (-onScreen as 1 | -1) : onScreen;

/** Zooms around the middle of what is shown. */
export function zoomBy(store: Store, factor: number): void {
  const { start, end } = store.viewport.peek();
  store.moveTo(zoom({ start, end }, factor, (start + end) / 2, store.manifest.length));
}

export const showAll = (store: Store): void => store.moveTo({ start: 0, end: store.manifest.length });

/** Centers a site of a sequence that is shown, and puts the cursor on it. */
function lookAt(store: Store, sequence: number, { start, end }: { start: number; end: number }): void {
  const { start: from, end: to } = store.viewport.peek();
  store.moveTo(
    centerOn(start, end, Math.max(1.5 * (end - start), Math.min(to - from, 120)), store.manifest.length),
  );
  store.hover.value = { sequence, base: Math.floor((start + end) / 2), byKey: true };
}

/** Shows a sequence on top of those that are shown. */
function showSequence(store: Store, sequence: number): void {
  const others = store.shownSequences.peek().filter((other) => other !== sequence);
  store.set({ _tracks: [sequence, ...others].slice(0, store.pageSize.peek()) });
}

/** Shows a site, its sequence on top. */
export function showSite(store: Store, site: Place): void {
  showSequence(store, site.sequence);
  lookAt(store, site.sequence, site);
}

/** Shows a sequence, and of it one base with the cursor on it, or a region from edge to edge. */
export function showPlace(store: Store, { sequence, start, end }: Place): void {
  showSequence(store, sequence);
  store.hover.value = null;
  if (end - start > 1) store.moveTo({ start, end });
  else if (end > start) lookAt(store, sequence, { start, end });
}

/** Shows the first of some sites; the way from site to site leads through the others. */
export function showPicked(store: Store, sites: readonly Place[]): void {
  store.picked.value = sites;
  store.siteKind.value = "picked";
  if (sites[0]) showSite(store, sites[0]);
  if (sites.length > 1) store.say(`The first of ${whole(sites.length)}; N shows the next.`);
}

/** A sequence that is shown, those that follow it on the screen, and those of the pages that follow. */
function* sequencesAhead(
  store: Store,
  from: number,
  onScreen: 1 | -1,
  ranked: () => number[],
): Generator<number> {
  const shown = store.shownSequences.peek();
  const inView = onScreen > 0 ? shown : shown.toReversed();
  yield* inView.slice(inView.indexOf(from));
  const ranking = ranked();
  const page = store.page.peek() ?? ranking.indexOf(shown[0]);
  yield* onScreen > 0 ? ranking.slice(page + shown.length) : ranking.slice(0, Math.max(0, page)).reverse();
}

/** Centers the next site on the screen, seen from the cursor, in this sequence or in the following ones. */
export function jumpToSite(store: Store, onScreen: 1 | -1): void {
  const direction = along(store, onScreen);
  const shown = store.shownSequences.peek();
  const selected = store.traits.sequence.peek();
  const cursor = store.hover.peek();
  const from = cursor?.sequence ?? (selected !== null && shown.includes(selected) ? selected : shown[0]);
  if (from === undefined) return;
  const { start, end } = store.viewport.peek();
  // the view's middle stops short of sites at the ends, the cursor does not
  const middle = cursor?.byKey ? cursor.base : (start + end) / 2;
  const siteIn = (sequence: number, base: number) =>
    nextSite({
      dataset: store.dataset.peek()!,
      counts: store.counts.peek()!,
      thresholds: store.thresholds.peek(),
      kind: store.siteKind.peek(),
      picked: store.picked.peek(),
      selected: new Set(store.selected.peek()),
      sequence,
      from: base,
      direction,
    });
  const edge = direction > 0 ? -1 : store.manifest.length + 1;
  // only where none of the shown sequences has a site: it goes through all hits
  let ranking: number[] | undefined;
  const ranked = (): number[] => {
    ranking ??= store.ranking();
    return ranking;
  };
  for (const sequence of sequencesAhead(store, from, onScreen, ranked)) {
    const site = siteIn(sequence, sequence === from ? middle : edge);
    if (!site) continue;
    if (!shown.includes(sequence)) {
      const size = store.pageSize.peek();
      goTo(store, Math.floor(ranked().indexOf(sequence) / size) * size, ranked());
    }
    lookAt(store, sequence, site);
    return;
  }
  sayNothingMore(store, onScreen > 0 ? "further" : "earlier");
}

/** Below this p value a match with one of the motifs is no longer to be expected by chance. */
const strictMatch = ({ manifest: { n_motifs: n } }: Store): number => Number((0.01 / n).toPrecision(1));

/** Shows the strongest seqlet that no motif explains; asks for matches that mean something where each has some. */
export function showUnexplained(store: Store): void {
  const before = store.thresholds.peek().tomtomP;
  const strict = strictMatch(store);
  const isStricter = store.unexplained.peek().length === 0 && strict < before;
  if (isStricter) store.set({ tomtom_p_threshold: strict });
  store.siteKind.value = "unexplained";
  const [strongest] = store.unexplained.peek();
  const { sequence, start, end } = store.dataset.peek()!.seqlets;
  if (strongest === undefined) sayNothingMore(store, "further");
  else {
    showSite(store, { sequence: sequence[strongest], start: start[strongest], end: end[strongest] });
    if (isStricter)
      store.say(
        `With ${plural(store.manifest.n_motifs, "motif")} one matches with TOMTOM p < ${threshold(before)} by chance; now p < ${threshold(strict)} is asked for.`,
        { label: `Back to ${threshold(before)}`, patch: { tomtom_p_threshold: before } },
      );
  }
}

const NOUNS = {
  sites: "site that counts",
  unexplained: "seqlet that neither a match nor a hit explains",
  picked: "pair of those that were picked",
};

function sayNothingMore(store: Store, which: "further" | "earlier"): void {
  const kind = store.siteKind.peek();
  const { tomtomP } = store.thresholds.peek();
  const strict = strictMatch(store);
  if (kind !== "unexplained" || store.unexplained.peek().length > 0 || strict >= tomtomP) {
    store.say(`No ${which} ${NOUNS[kind]}.`);
    return;
  }
  store.say(
    `Every seqlet has a hit, or a match with TOMTOM p < ${threshold(tomtomP)}; with ${plural(store.manifest.n_motifs, "motif")} one has that by chance.`,
    { label: `Ask for ${threshold(strict)}`, patch: { tomtom_p_threshold: strict } },
  );
}
