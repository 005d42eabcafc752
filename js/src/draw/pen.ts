// What drawing needs of a canvas. Tests pass a recorder instead.

export type Pen = Pick<
  CanvasRenderingContext2D,
  | "fillStyle"
  | "strokeStyle"
  | "globalAlpha"
  | "lineWidth"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "beginPath"
  | "closePath"
  | "moveTo"
  | "lineTo"
  | "rect"
  | "fillRect"
  | "fill"
  | "stroke"
  | "fillText"
  | "measureText"
  | "setTransform"
  | "setLineDash"
  | "clearRect"
  | "save"
  | "restore"
  | "clip"
  | "drawImage"
>;

/** Colours and font, as the page's theme resolves them. */
export interface Palette {
  text: string;
  muted: string;
  line: string;
  grid: string;
  surface: string;
  hit: string;
  seqlet: string;
  onBox: string;
  accent: string;
  /** A C G T N. */
  bases: readonly string[];
  /** One per selected motif. */
  motifs: readonly string[];
  font: string;
}

/** Makes the canvas as sharp as the screen and gives a pen in CSS pixels. */
export function preparePen(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  dpr: number,
): Pen | null {
  const [w, h] = [Math.round(width * dpr), Math.round(height * dpr)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const pen = canvas.getContext("2d");
  pen?.setTransform(dpr, 0, 0, dpr, 0, 0);
  pen?.clearRect(0, 0, width, height);
  return pen;
}

export const labelFont = (font: string): string => `10px ${font}`;

/** Gets ready to write small words beside what they name. */
export function setWords(
  pen: Pen,
  { font, muted }: Palette,
  align: CanvasTextAlign,
  baseline: CanvasTextBaseline,
): void {
  pen.font = labelFont(font);
  pen.textAlign = align;
  pen.textBaseline = baseline;
  pen.fillStyle = muted;
}

/** Moves a hairline to the middle of device pixels, where it is drawn sharp. */
export const crisp = (px: number, dpr: number): number => (Math.floor(px * dpr) + 0.5) / dpr;
