// A motif's logo, in a table row or larger.
import { useMemo, useRef } from "preact/hooks";
import { drawMotif } from "../draw/motif.ts";
import { type Palette, type Pen, preparePen } from "../draw/pen.ts";
import { usePainter, useScreen } from "./context.ts";

interface MotifLogoProps {
  motif: number;
  width?: number;
  height?: number;
  /** Widest that a column gets. */
  column?: number;
  reverse?: boolean;
}

/** Drawn again only when the motif, the colours or the screen change, not at every count. */
export function MotifLogo({ motif, width = 92, height = 26, column = 9, reverse = false }: MotifLogoProps) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  return useMemo(() => {
    const pwm = dataset.pwmOf(motif);
    // column after column in the order A C G T: backwards it is the reverse complement
    const shown = reverse ? pwm.slice().reverse() : pwm;
    return (
      <Picture
        width={width}
        height={height}
        draw={(pen, palette, dpr) => drawMotif(pen, shown, width, height, column, palette, dpr)}
      />
    );
  }, [dataset, motif, width, height, column, reverse]);
}

interface PictureProps {
  width: number;
  height: number;
  /** For those who cannot see it; none where words beside it say as much. */
  label?: string;
  draw: (pen: Pen, palette: Palette, dpr: number) => void;
}

/** A canvas of a fixed size. */
export function Picture({ width, height, label, draw }: PictureProps) {
  const { palette, pixelRatio } = useScreen();
  const canvas = useRef<HTMLCanvasElement>(null);
  const colors = palette.value;
  const dpr = pixelRatio.value;
  usePainter(() => {
    const pen = canvas.current && preparePen(canvas.current, width, height, dpr);
    if (pen) draw(pen, colors, dpr);
  });
  return (
    <canvas
      ref={canvas}
      class="nbm-logo"
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" })}
      style={{ width: `${width}px`, height: `${height}px` }}
    />
  );
}
