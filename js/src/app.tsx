// Puts a view of a store into an element, and takes it out again.
import { effect } from "@preact/signals";
import { render } from "preact";
import { hookFocusables, keepFocus, keepTyping } from "./focusables.ts";
import { frame } from "./frame.ts";
import type { Store } from "./store.ts";
import css from "./styles.css";
import { watchPixelRatio, watchTheme } from "./theme.ts";
import { ScreenContext } from "./views/context.ts";
import { Explorer, type ViewName } from "./views/Explorer.tsx";

hookFocusables();

export function show(store: Store, el: HTMLElement, signal: AbortSignal, view: ViewName = "explorer"): void {
  const root = document.createElement("div");
  root.className = "nbm-root";
  root.dataset.testid = "nbmotif";
  root.dataset.frames = "0";
  // the style travels with the view, so that it also works inside a shadow root
  const style = document.createElement("style");
  style.textContent = css;
  const body = document.createElement("div");
  body.className = "nbm-body";
  root.append(style, body);
  el.append(root);
  keepTyping(body);
  keepFocus(body);
  // who goes on with something else needs the hover card no more
  body.onpointerdown = () => {
    store.hover.value = null;
  };
  body.onkeydown = ({ key }) => {
    if (key === "Escape") store.hover.value = null;
  };

  const palette = watchTheme(root, store.traits.theme, store.traits.palette, signal);
  const pixelRatio = watchPixelRatio(signal);
  const stopState = effect(() => {
    const { phase } = store.load.value;
    root.dataset.state = phase === "error" ? "error" : store.dataset.value?.hasHits ? "ready" : "loading";
    root.dataset.rev = String(store.rev.value);
    root.dataset.settled = String(store.settled.value);
  });
  const stopFrames = frame.onPainted(() => {
    root.dataset.frames = String(Number(root.dataset.frames) + 1);
  });
  render(
    <ScreenContext.Provider value={{ store, palette, pixelRatio }}>
      <Explorer view={view} />
    </ScreenContext.Provider>,
    body,
  );
  store.start();
  signal.addEventListener("abort", () => {
    stopState();
    stopFrames();
    render(null, body);
    root.remove();
    store.leave();
  });
}
