// What every view needs: the store, and the screen it is drawn on.
import type { ReadonlySignal } from "@preact/signals";
import { createContext, type RefObject } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Palette } from "../draw/pen.ts";
import { frame } from "../frame.ts";
import type { Store } from "../store.ts";

interface Screen {
  store: Store;
  palette: ReadonlySignal<Palette>;
  pixelRatio: ReadonlySignal<number>;
}

export const ScreenContext = createContext<Screen | null>(null);

export function useScreen(): Screen {
  const screen = useContext(ScreenContext);
  if (!screen) throw new Error("Views are drawn inside a ScreenContext.");
  return screen;
}

/**
 * Paints a canvas in the frame in which its component renders. A component renders again when a signal that it
 * read has changed, so reading is all it takes to keep a canvas up to date.
 */
export function usePainter(paint: () => void): void {
  const latest = useRef(paint);
  latest.current = paint;
  const run = useRef(() => latest.current()).current;
  useLayoutEffect(() => frame.schedule(run));
  useEffect(() => () => frame.cancel(run), []);
}

/** How wide or high an element is in CSS pixels, 0 before it is known. */
export function useSize(ref: RefObject<HTMLElement | null>, side: "clientWidth" | "clientHeight"): number {
  const [size, setSize] = useState(0);
  useEffect(() => {
    const element = ref.current!;
    const observer = new ResizeObserver(() => setSize(element[side]));
    observer.observe(element);
    setSize(element[side]);
    return () => observer.disconnect();
  }, []);
  return size;
}

/** An id that no other view on the page has: each notebook cell brings its own copy of this module. */
export function useUniqueId(): string {
  return useState(() => `nbm-${Math.random().toString(36).slice(2)}`)[0];
}
