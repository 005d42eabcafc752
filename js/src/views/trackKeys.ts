// The tracks from the keyboard.
import { pan, span } from "../layout.ts";
import { along, jumpToSite, showAll, showUnexplained, turnPage, zoomBy } from "../paging.ts";
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

const step = (onScreen: 1 | -1) => (store: Store, event: KeyboardEvent) => {
  const viewport = store.viewport.peek();
  const direction = along(store, onScreen);
  if (event.shiftKey) moveCursor(store, direction);
  else store.moveTo(pan(viewport, direction * 0.1 * span(viewport), store.manifest.length));
};

const toEdge = (onScreen: 1 | -1) => (store: Store) => {
  const { length } = store.manifest;
  store.moveTo(pan(store.viewport.peek(), along(store, onScreen) * length, length));
};

const toggle = (trait: "reverse_complement" | "_show_hypothetical") => (store: Store) =>
  store.set({ [trait]: !store.traits[trait].peek() });

const KEYS: Record<string, (store: Store, event: KeyboardEvent) => void> = {
  ArrowLeft: step(-1),
  ArrowRight: step(1),
  Home: toEdge(-1),
  End: toEdge(1),
  "+": (store) => zoomBy(store, 0.5),
  "=": (store) => zoomBy(store, 0.5),
  "-": (store) => zoomBy(store, 2),
  "0": showAll,
  n: (store) => jumpToSite(store, 1),
  p: (store) => jumpToSite(store, -1),
  u: showUnexplained,
  j: (store) => turnPage(store, 1),
  k: (store) => turnPage(store, -1),
  r: toggle("reverse_complement"),
  h: (store) => store.manifest.has.hypothetical && toggle("_show_hypothetical")(store),
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
