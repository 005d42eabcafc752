// A canvas of a fixed size.
import { useRef } from "preact/hooks";
import { type Palette, type Pen, preparePen } from "../draw/pen.ts";
import { usePainter, useScreen } from "./context.ts";

interface PictureProps {
  width: number;
  height: number;
  /** For those who cannot see it; none where words beside it say as much. */
  label?: string;
  draw: (pen: Pen, palette: Palette, dpr: number) => void;
}

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
