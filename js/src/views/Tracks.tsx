// The linked tracks: one viewport for all of them.
import { useMemo, useRef } from "preact/hooks";
import type { PlacedRect } from "../draw/boxes.ts";
import { unionOfRanges } from "../draw/logo.ts";
import { GUTTER, RIGHT_PAD } from "../draw/track.ts";
import { rowStates } from "../layers.ts";
import { BaseScale } from "../layout.ts";
import type { Store } from "../store.ts";
import { useScreen, useSize } from "./context.ts";
import { HoverCard } from "./HoverCard.tsx";
import { Overview } from "./Overview.tsx";
import { makeMeasure, Track } from "./Track.tsx";
import { TracksBar } from "./TracksBar.tsx";
import { onTrackKey } from "./trackKeys.ts";
import { useTrackPointer, useTrackWheel } from "./trackPointer.ts";

/** Narrower than this nothing can be read. */
const MIN_WIDTH = 320;

export function Tracks() {
  const { store, palette } = useScreen();
  const area = useRef<HTMLDivElement>(null);
  const width = useSize(area, "clientWidth");
  const rects = useMemo(() => new Map<number, readonly PlacedRect[]>(), []);
  const { font } = palette.value;
  const measure = useMemo(() => makeMeasure(font), [font]);
  const sequences = store.shownSequences.value;
  const sharedRange = store.traits._y_mode.value === "same" ? rangeOfAll(store, sequences) : null;

  const scale = (): BaseScale =>
    new BaseScale(store.viewport.peek(), GUTTER, width - RIGHT_PAD, store.traits.reverse_complement.peek());
  const stage = { store, area, scale, rects };
  const pointer = useTrackPointer(stage);
  useTrackWheel(stage);
  const trackOf = (sequence: number) =>
    area.current?.querySelector(`[data-sequence="${sequence}"]`)?.closest<HTMLElement>(".nbm-track");
  const isTooNarrow = width > 0 && width < MIN_WIDTH;
  return (
    <section class="nbm-panel nbm-tracks" aria-label="Sequences">
      <TracksBar />
      <div
        class="nbm-track-area"
        ref={area}
        role="group"
        tabIndex={0}
        aria-label="Sequence tracks. Arrow keys move, with shift base by base; U shows the unexplained."
        onKeyDown={(event) => onTrackKey(store, event)}
        {...pointer}
      >
        {isTooNarrow ? (
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
                rectsOf={rects}
              />
            ))}
            <p class="nbm-hint">
              Ctrl + wheel or double-click to zoom, drag to move, click a box to mark its motif. Dashed boxes
              do not count.
            </p>
            <HoverCard width={width} trackOf={trackOf} />
          </>
        )}
      </div>
    </section>
  );
}

/** From the least to the greatest value of the tracks that have come. */
function rangeOfAll(store: Store, sequences: readonly number[]): [number, number] {
  const rows = sequences.flatMap((sequence) => rowStates(store, sequence));
  const data = rows.map(({ state }) => (state.phase === "ready" ? state.data : null));
  return unionOfRanges(data, store.traits._show_hypothetical.value);
}
