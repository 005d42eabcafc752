// Light or dark, as the page around the widget is; and the colours that result, for the canvases.
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Palette } from "./draw/pen.ts";
import type { PaletteName, Theme } from "./wire.ts";

/** What pages set on <html> or <body> to say that they are dark or light. */
function themeOfPage(): "light" | "dark" | null {
  for (const element of [document.body, document.documentElement]) {
    const { jpThemeLight, vscodeThemeKind, theme } = element.dataset;
    if (jpThemeLight) return jpThemeLight === "true" ? "light" : "dark";
    if (vscodeThemeKind) return vscodeThemeKind.includes("light") ? "light" : "dark";
    const named = theme ?? element.getAttribute("theme");
    if (named === "dark" || named === "light") return named;
    if (/(^|\s|-)dark(-theme|-mode)?(\s|$)/.test(element.className)) return "dark";
  }
  return null;
}

/** Keeps `root.dataset.theme` right and gives the palette, until `abort` fires. */
export function watchTheme(
  root: HTMLElement,
  wanted: ReadonlySignal<Theme>,
  colors: ReadonlySignal<PaletteName>,
  abort: AbortSignal,
): ReadonlySignal<Palette> {
  const palette = signal(readPalette(root));
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    const theme = wanted.value;
    root.dataset.palette = colors.value;
    root.dataset.theme =
      theme === "auto" ? (themeOfPage() ?? (prefersDark.matches ? "dark" : "light")) : theme;
    // a forced theme must not take the page's colours
    root.toggleAttribute("data-host-colors", theme === "auto");
    const next = readPalette(root);
    if (JSON.stringify(next) !== JSON.stringify(palette.peek())) palette.value = next;
  };
  const stop = effect(apply);
  const observer = new MutationObserver(apply);
  for (const element of [document.body, document.documentElement]) {
    observer.observe(element, { attributes: true });
  }
  prefersDark.addEventListener("change", apply, { signal: abort });
  // a notebook may draw a view before it puts it on the page; until then no style applies
  const whenOnPage = new ResizeObserver(() => {
    if (!root.isConnected) return;
    whenOnPage.disconnect();
    apply();
  });
  if (!root.isConnected) whenOnPage.observe(root);
  abort.addEventListener("abort", () => {
    stop();
    observer.disconnect();
    whenOnPage.disconnect();
  });
  return palette;
}

function readPalette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const color = (name: string): string => style.getPropertyValue(`--nbm-${name}`).trim();
  return {
    text: color("text"),
    muted: color("muted"),
    line: color("line"),
    grid: color("grid"),
    surface: color("surface"),
    hit: color("hit"),
    seqlet: color("seqlet"),
    onBox: color("on-box"),
    accent: color("accent"),
    bases: ["a", "c", "g", "t", "n"].map((base) => color(`base-${base}`)),
    motifs: [1, 2, 3, 4, 5, 6, 7, 8].map((slot) => color(`motif-${slot}`)),
    font: style.fontFamily || "sans-serif",
  };
}

/** Device pixels per CSS pixel; follows a window that moves to another screen. */
export function watchPixelRatio(abort: AbortSignal): ReadonlySignal<number> {
  const ratio = signal(currentRatio());
  const listen = (): void => {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      "change",
      () => {
        ratio.value = currentRatio();
        listen();
      },
      { once: true, signal: abort },
    );
  };
  listen();
  return ratio;
}

const currentRatio = (): number => Math.min(Math.max(devicePixelRatio || 1, 1), 3);
