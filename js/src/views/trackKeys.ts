// The tracks from the keyboard.
import { centerOn, pan, span, zoom } from "../layout.ts";
import { nextSite } from "../ranking.ts";
import type { Store } from "../store.ts";

/** Handles the keys that the tracks use, and leaves every other to the page. */
export function onTrackKey(store: Store, event: KeyboardEvent): void {
  // keys of a button or a field inside belong to it
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act(store, event);
}

const step = (direction: 1 | -1) => (store: Store, event: KeyboardEvent) => {
  const viewport = store.viewport.peek();
  if (event.shiftKey) moveCursor(store, direction);
  else store.moveTo(pan(viewport, direction * 0.1 * span(viewport), store.manifest.length));
};

const zoomBy = (factor: number) => (store: Store) => {
  const viewport = store.viewport.peek();
  store.moveTo(zoom(viewport, factor, (viewport.start + viewport.end) / 2, store.manifest.length));
};

const toEdge = (direction: 1 | -1) => (store: Store) => {
  const { length } = store.manifest;
  store.moveTo(pan(store.viewport.peek(), direction * length, length));
};

const KEYS: Record<string, (store: Store, event: KeyboardEvent) => void> = {
  ArrowLeft: step(-1),
  ArrowRight: step(1),
  Home: toEdge(-1),
  End: toEdge(1),
  "+": zoomBy(0.5),
  "=": zoomBy(0.5),
  "-": zoomBy(2),
  "0": (store) => store.moveTo({ start: 0, end: store.manifest.length }),
  n: (store) => jumpToSite(store, 1),
  p: (store) => jumpToSite(store, -1),
  Escape: (store) => {
    store.hover.value = null;
  },
};

/** Moves the cursor that the pointer moves otherwise, base by base. */
function moveCursor(store: Store, by: 1 | -1): void {
  const viewport = store.viewport.peek();
  const { length } = store.manifest;
  const sequence = store.shownSequences.peek()[0];
  if (sequence === undefined) return;
  const at = store.hover.peek() ?? { sequence, base: Math.round((viewport.start + viewport.end) / 2) - by };
  const base = Math.min(length - 1, Math.max(0, at.base + by));
  if (base < viewport.start || base + 1 > viewport.end) {
    store.moveTo(pan(viewport, by * span(viewport) * 0.5, length));
  }
  store.hover.value = { sequence: at.sequence, base, byKey: true };
}

/** Centers the next site that counts, seen from the cursor, and puts the cursor on it. */
function jumpToSite(store: Store, direction: 1 | -1): void {
  const shown = store.shownSequences.peek();
  const selected = store.traits.sequence.peek();
  const cursor = store.hover.peek();
  const sequence = cursor?.sequence ?? (selected !== null && shown.includes(selected) ? selected : shown[0]);
  if (sequence === undefined) return;
  const { start, end } = store.viewport.peek();
  const site = nextSite(
    store.dataset.peek()!,
    store.counts.peek()!,
    store.thresholds.peek(),
    sequence,
    new Set(store.selected.peek()),
    // the view's middle stops short of sites at the ends, the cursor does not
    cursor?.byKey ? cursor.base : (start + end) / 2,
    direction,
  );
  if (!site) {
    store.notice.value = `No ${direction > 0 ? "further" : "earlier"} site that counts in this sequence.`;
    return;
  }
  store.moveTo(centerOn(site.start, site.end, Math.min(end - start, 120), store.manifest.length));
  store.hover.value = { sequence, base: Math.floor((site.start + site.end) / 2), byKey: true };
}
