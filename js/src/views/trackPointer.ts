// The tracks under the pointer: drag to move, click a box, look at a base, wheel to zoom.
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Box } from "../boxes.ts";
import { boxAt, type PlacedRect } from "../draw/boxes.ts";
import { type BaseScale, pan, zoom } from "../layout.ts";
import { toggleMotif } from "../marks.ts";
import type { Store } from "../store.ts";

/** What the pointer needs to know about the tracks as they are drawn. */
interface Stage {
  store: Store;
  area: RefObject<HTMLElement | null>;
  /** The scale of the present frame. */
  scale: () => BaseScale;
  /** The boxes of each shown sequence. */
  rects: ReadonlyMap<number, readonly PlacedRect[]>;
}

/** A press that moves less than this is a click. */
const CLICK_PX = 4;

interface Place {
  sequence: number;
  x: number;
  y: number;
}

function locate(event: MouseEvent): Place | null {
  const canvas = (event.target as HTMLElement).closest<HTMLCanvasElement>("canvas[data-sequence]");
  if (!canvas) return null;
  const box = canvas.getBoundingClientRect();
  return {
    sequence: Number(canvas.dataset.sequence),
    x: event.clientX - box.left,
    y: event.clientY - box.top,
  };
}

export function useTrackPointer(stage: Stage) {
  const { store, area } = stage;
  const press = useRef<{ x: number; start: number; isDrag: boolean } | null>(null);

  const dragTo = (event: PointerEvent): void => {
    const { x, start, isDrag } = press.current!;
    const by = event.clientX - x;
    if (!isDrag) {
      if (Math.abs(by) < CLICK_PX) return;
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      press.current!.isDrag = true;
      area.current!.dataset.panning = "true";
      store.hover.value = null;
    }
    const viewport = store.viewport.peek();
    const { pxPerBase, flipped } = stage.scale();
    const bases = (flipped ? by : -by) / pxPerBase;
    store.moveTo(pan(viewport, start + bases - viewport.start, store.manifest.length));
  };
  /** The page has moved under a pointer that rests, as when one jumps to a site: the cursor stays there. */
  const isAtRest = ({ movementX, movementY }: MouseEvent): boolean =>
    store.hover.peek()?.byKey === true && movementX === 0 && movementY === 0;
  /** The box that a click would mark. */
  const boxUnder = (place: Place | null): Box | null => {
    const box = place && boxAt(stage.rects.get(place.sequence) ?? [], place.x, place.y);
    return box && box.motif >= 0 ? box : null;
  };
  const lookAt = (place: Place | null): void => {
    const scale = stage.scale();
    const base = place ? Math.floor(scale.toBase(place.x)) : -1;
    const isInside = place && place.x >= scale.left && place.x <= scale.right && base < store.manifest.length;
    const before = store.hover.peek();
    area.current!.dataset.link = String(boxUnder(place) !== null);
    if (!isInside || base < 0) store.hover.value = null;
    else if (before?.sequence !== place.sequence || before.base !== base) {
      store.hover.value = { sequence: place.sequence, base, byKey: false };
    }
  };
  const click = (place: Place | null): void => {
    const box = boxUnder(place);
    if (!box) return;
    const { selected_motifs, by_family } = store.traits;
    const { names, labels } = store.families.peek()!;
    // what the table has a row for; what is marked already is unmarked
    const name = by_family.peek() ? names[labels[box.motif]] : store.manifest.motif_names[box.motif];
    toggleMotif(store, selected_motifs.peek()[box.slot] ?? name);
  };
  const release = (): void => {
    press.current = null;
    delete area.current!.dataset.panning;
  };
  return {
    onPointerDown: (event: PointerEvent): void => {
      if (event.button !== 0 || !locate(event)) return;
      press.current = { x: event.clientX, start: store.viewport.peek().start, isDrag: false };
    },
    onPointerMove: (event: PointerEvent): void => {
      if (press.current) dragTo(event);
      else if (!isAtRest(event)) lookAt(locate(event));
    },
    onPointerUp: (event: PointerEvent): void => {
      if (press.current?.isDrag) store.host.flush();
      else if (press.current) click(locate(event));
      release();
    },
    onPointerCancel: release,
    onPointerLeave: (event: PointerEvent): void => {
      if (!press.current && !isAtRest(event)) store.hover.value = null;
    },
    onDblClick: (event: MouseEvent): void => {
      const place = locate(event);
      if (!place) return;
      const factor = event.shiftKey ? 3 : 1 / 3;
      store.moveTo(zoom(store.viewport.peek(), factor, stage.scale().toBase(place.x), store.manifest.length));
    },
  };
}

/** Most that one wheel event may scroll; some mice send hundreds. */
const MAX_WHEEL = 60;

/** Zooms with Ctrl, moves sideways; otherwise the page scrolls, also over tracks that have been clicked. */
export function useTrackWheel({ store, area, scale }: Stage): void {
  const latest = useRef(scale);
  latest.current = scale;
  useEffect(() => {
    const element = area.current!;
    const onWheel = (event: WheelEvent): void => {
      const { deltaX, deltaY, shiftKey, ctrlKey, metaKey } = event;
      const viewport = store.viewport.peek();
      const { length } = store.manifest;
      const sideways = Math.abs(deltaX) > Math.abs(deltaY) ? deltaX : shiftKey ? deltaY : 0;
      const isZoom = ctrlKey || metaKey;
      if (sideways === 0 && !isZoom) return;
      event.preventDefault();
      if (sideways !== 0) {
        const { pxPerBase, flipped } = latest.current();
        store.moveTo(pan(viewport, (flipped ? -sideways : sideways) / pxPerBase, length));
        return;
      }
      const anchor = latest.current().toBase(event.clientX - element.getBoundingClientRect().left);
      const by = Math.max(-MAX_WHEEL, Math.min(MAX_WHEEL, deltaY));
      store.moveTo(zoom(viewport, Math.exp(0.006 * by), anchor, length));
    };
    // a passive listener could not keep the page from scrolling
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);
}
