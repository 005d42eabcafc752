// The linked tracks: one viewport for all of them, moved by wheel, drag, keys and buttons.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { boxAt } from "../draw/boxes.ts";
import { valueRange } from "../draw/logo.ts";
import { GUTTER, RIGHT_PAD } from "../draw/track.ts";
import { BaseScale, centerOn, pan, span, zoom } from "../layout.ts";
import { nextSite } from "../ranking.ts";
import { ownKeys, useScreen, useWidth } from "./context.ts";
import { HoverCard } from "./HoverCard.tsx";
import { Overview } from "./Overview.tsx";
import { makeMeasure, Track, type TrackHandle } from "./Track.tsx";
import { TracksBar } from "./TracksBar.tsx";

/** Narrower than this nothing can be read. */
const MIN_WIDTH = 320;
/** A press that moves less than this is a click. */
const CLICK_PX = 4;

export function Tracks() {
  const { store, palette } = useScreen();
  const area = useRef<HTMLDivElement>(null);
  const width = useWidth(area);
  const handles = useMemo(() => new Map<number, TrackHandle>(), []);
  const font = palette.value.font;
  const measure = useMemo(() => makeMeasure(palette.peek()), [font]);
  const sequences = store.shownSequences.value;
  const hypothetical = store.traits._show_hypothetical.value;
  const { length } = store.dataset.value!.manifest;

  let sharedRange: [number, number] | null = null;
  if (store.sharedScale.value) {
    for (const sequence of sequences) {
      const state = store.tracks.get(sequence, hypothetical).value;
      if (state.phase !== "ready") continue;
      const [low, high] = valueRange(state.data, hypothetical);
      sharedRange = sharedRange
        ? [Math.min(low, sharedRange[0]), Math.max(high, sharedRange[1])]
        : [low, high];
    }
  }

  const scale = (): BaseScale => new BaseScale(store.viewport.peek(), GUTTER, width - RIGHT_PAD);
  const pointer = usePointer(area, scale, handles);
  useWheel(area, scale);
  const keys = useKeys();
  const topOf = (sequence: number): number => {
    const canvas = area.current?.querySelector<HTMLElement>(`[data-sequence="${sequence}"]`);
    return canvas?.closest<HTMLElement>(".nbm-track")?.offsetTop ?? 0;
  };
  return (
    <section class="nbm-panel nbm-tracks" aria-label="Sequences">
      <TracksBar />
      <div
        class="nbm-track-area"
        ref={area}
        role="group"
        tabIndex={0}
        aria-label="Sequence tracks. Arrow keys move, plus and minus zoom, 0 shows all, N and P jump between sites, shift and arrows read base by base."
        {...ownKeys}
        onKeyDown={keys}
        {...pointer}
      >
        {width > 0 && width < MIN_WIDTH ? (
          <p class="nbm-message">
            The tracks need {MIN_WIDTH} pixels of width: widen the cell or the window.
          </p>
        ) : (
          <>
            <Overview sequences={sequences} width={width} />
            {sequences.map((sequence) => (
              <Track
                key={sequence}
                sequence={sequence}
                width={width}
                measure={measure}
                sharedRange={sharedRange}
                handles={handles}
              />
            ))}
            <p class="nbm-hint">
              Drag to move, Ctrl + wheel to zoom, click a box to mark its motif. Dashed boxes do not count.
            </p>
            <HoverCard width={width} topOf={topOf} />
          </>
        )}
      </div>
    </section>
  );

  function useKeys() {
    return (event: KeyboardEvent): void => {
      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
      const viewport = store.viewport.peek();
      const middle = (viewport.start + viewport.end) / 2;
      const moves: Record<string, () => void> = {
        ArrowLeft: () =>
          event.shiftKey ? moveCursor(-1) : store.moveTo(pan(viewport, -0.1 * span(viewport), length)),
        ArrowRight: () =>
          event.shiftKey ? moveCursor(1) : store.moveTo(pan(viewport, 0.1 * span(viewport), length)),
        Home: () => store.moveTo(pan(viewport, -length, length)),
        End: () => store.moveTo(pan(viewport, length, length)),
        "+": () => store.moveTo(zoom(viewport, 0.5, middle, length)),
        "=": () => store.moveTo(zoom(viewport, 0.5, middle, length)),
        "-": () => store.moveTo(zoom(viewport, 2, middle, length)),
        "0": () => store.moveTo({ start: 0, end: length }),
        n: () => jump(1),
        p: () => jump(-1),
        Escape: () => {
          store.hover.value = null;
        },
      };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      event.stopPropagation();
      move();
    };
  }

  function moveCursor(by: number): void {
    const viewport = store.viewport.peek();
    const at = store.hover.peek() ?? {
      sequence: sequences[0] ?? 0,
      base: Math.round((viewport.start + viewport.end) / 2) - by,
    };
    const base = Math.min(length - 1, Math.max(0, at.base + by));
    if (base < viewport.start || base + 1 > viewport.end) {
      store.moveTo(pan(viewport, by * span(viewport) * 0.5, length));
    }
    store.hover.value = { sequence: at.sequence, base, byKey: true };
  }

  function jump(direction: 1 | -1): void {
    const chosen = store.traits.sequence.peek();
    const sequence =
      store.hover.peek()?.sequence ?? (chosen !== null && sequences.includes(chosen) ? chosen : sequences[0]);
    if (sequence === undefined) return;
    const { start, end } = store.viewport.peek();
    const site = nextSite(
      store.dataset.peek()!,
      store.counts.peek()!,
      store.thresholds.peek(),
      sequence,
      new Set(store.selected.peek()),
      (start + end) / 2,
      direction,
    );
    if (site) store.moveTo(centerOn(site.start, site.end, Math.min(span({ start, end }), 120), length));
    else
      store.notice.value = `No ${direction > 0 ? "further" : "earlier"} site that counts in this sequence.`;
  }

  function usePointer(
    root: { current: HTMLElement | null },
    scaleNow: () => BaseScale,
    known: Map<number, TrackHandle>,
  ) {
    const drag = useRef<{ x: number; start: number; moved: boolean } | null>(null);
    const locate = (event: PointerEvent | MouseEvent) => {
      const canvas = (event.target as HTMLElement).closest<HTMLCanvasElement>("canvas[data-sequence]");
      if (!canvas) return null;
      const box = canvas.getBoundingClientRect();
      return {
        sequence: Number(canvas.dataset.sequence),
        x: event.clientX - box.left,
        y: event.clientY - box.top,
      };
    };
    return {
      onPointerDown: (event: PointerEvent): void => {
        if (event.button !== 0 || !locate(event)) return;
        drag.current = { x: event.clientX, start: store.viewport.peek().start, moved: false };
      },
      onPointerMove: (event: PointerEvent): void => {
        const pressed = drag.current;
        if (pressed) {
          const by = event.clientX - pressed.x;
          if (!pressed.moved && Math.abs(by) < CLICK_PX) return;
          if (!pressed.moved) (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
          pressed.moved = true;
          root.current!.dataset.panning = "true";
          store.hover.value = null;
          const viewport = store.viewport.peek();
          store.moveTo(pan(viewport, pressed.start - by / scaleNow().pxPerBase - viewport.start, length));
          return;
        }
        const at = locate(event);
        const base = at ? Math.floor(scaleNow().toBase(at.x)) : -1;
        const inside = at && at.x >= GUTTER && at.x <= width - RIGHT_PAD && base >= 0 && base < length;
        const before = store.hover.peek();
        if (!inside) store.hover.value = null;
        else if (before?.sequence !== at.sequence || before.base !== base) {
          store.hover.value = { sequence: at.sequence, base, byKey: false };
        }
      },
      onPointerUp: (event: PointerEvent): void => {
        const pressed = drag.current;
        drag.current = null;
        delete root.current!.dataset.panning;
        if (!pressed) return;
        if (pressed.moved) {
          store.host.flush();
          return;
        }
        const at = locate(event);
        const box = at && boxAt(known.get(at.sequence)?.rects ?? [], at.x, at.y);
        if (box && box.motif >= 0) store.toggleMotif(store.dataset.peek()!.manifest.motif_names[box.motif]!);
      },
      onPointerCancel: (): void => {
        drag.current = null;
        delete root.current!.dataset.panning;
      },
      onPointerLeave: (): void => {
        if (!drag.current) store.hover.value = null;
      },
      onDblClick: (event: MouseEvent): void => {
        const at = locate(event);
        if (at)
          store.moveTo(
            zoom(store.viewport.peek(), event.shiftKey ? 3 : 1 / 3, scaleNow().toBase(at.x), length),
          );
      },
    };
  }

  /** Zooms with Ctrl or when the tracks have the focus; otherwise the page scrolls. */
  function useWheel(root: { current: HTMLElement | null }, scaleNow: () => BaseScale): void {
    const latest = useRef(scaleNow);
    latest.current = scaleNow;
    useEffect(() => {
      const element = root.current!;
      const onWheel = (event: WheelEvent): void => {
        const viewport = store.viewport.peek();
        const bases = store.manifest.length;
        const sideways =
          Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
        if (sideways !== 0) {
          event.preventDefault();
          store.moveTo(pan(viewport, sideways / latest.current().pxPerBase, bases));
          return;
        }
        if (!event.ctrlKey && !event.metaKey && document.activeElement !== element) return;
        event.preventDefault();
        const anchor = latest.current().toBase(event.clientX - element.getBoundingClientRect().left);
        store.moveTo(
          zoom(viewport, Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.006), anchor, bases),
        );
      };
      element.addEventListener("wheel", onWheel, { passive: false });
      return () => element.removeEventListener("wheel", onWheel);
    }, []);
  }
}
