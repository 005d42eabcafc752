// One redraw per animation frame: however many inputs change, table and canvases follow together, once.
import { options } from "preact";

type Work = () => void;

class Frame {
  readonly #painters = new Set<Work>();
  readonly #afterPaint = new Set<Work>();
  #render: Work | undefined;
  #requested = false;

  constructor() {
    // Preact's updates wait for the same frame. The setting is global to this bundle's own copy of Preact.
    options.debounceRendering = (render) => {
      this.#render = render;
      this.#request();
    };
  }

  /** Runs `paint` in the next frame, once, after the DOM has been updated. */
  schedule(paint: Work): void {
    this.#painters.add(paint);
    this.#request();
  }

  cancel(paint: Work): void {
    this.#painters.delete(paint);
  }

  /** Called after each frame in which something was painted. */
  onPainted(callback: Work): () => void {
    this.#afterPaint.add(callback);
    return () => this.#afterPaint.delete(callback);
  }

  #request(): void {
    if (this.#requested) return;
    this.#requested = true;
    requestAnimationFrame(() => this.#run());
  }

  #run(): void {
    try {
      const render = this.#render;
      this.#render = undefined;
      render?.();
      // what the components scheduled while they rendered belongs to this frame
      const painters = [...this.#painters];
      this.#painters.clear();
      for (const paint of painters) paint();
      if (painters.length > 0) for (const callback of this.#afterPaint) callback();
    } finally {
      this.#requested = false;
      if (this.#render || this.#painters.size > 0) this.#request();
    }
  }
}

/** One for the page: a frame is a property of the screen, not of a model. */
export const frame = new Frame();
