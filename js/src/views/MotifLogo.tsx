// A motif's logo in a table row.
import { useMemo, useRef } from "preact/hooks";
import { drawMotif } from "../draw/motif.ts";
import { preparePen } from "../draw/pen.ts";
import { usePainter, useScreen } from "./context.ts";

const WIDTH = 92;
const HEIGHT = 26;

/** Drawn again only when the motif, the colours or the screen change, not at every count. */
export function MotifLogo({ motif }: { motif: number }) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  return useMemo(() => <Logo pwm={dataset.pwmOf(motif)} />, [dataset, motif]);
}

function Logo({ pwm }: { pwm: Uint8Array }) {
  const { palette, pixelRatio } = useScreen();
  const canvas = useRef<HTMLCanvasElement>(null);
  const colors = palette.value;
  const dpr = pixelRatio.value;
  usePainter(() => {
    const pen = canvas.current && preparePen(canvas.current, WIDTH, HEIGHT, dpr);
    if (pen) drawMotif(pen, pwm, WIDTH, HEIGHT, 9, colors, dpr);
  });
  return (
    <canvas
      ref={canvas}
      class="nbm-logo"
      aria-hidden="true"
      style={{ width: `${WIDTH}px`, height: `${HEIGHT}px` }}
    />
  );
}
