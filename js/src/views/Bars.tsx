// A small bar chart: what counts stands out from all there is, and a line says what chance would give.
import { useState } from "preact/hooks";

interface BarsProps {
  title: string;
  /** For those who cannot see it. */
  label: string;
  all: ArrayLike<number>;
  /** The part that stands out. */
  passing?: ArrayLike<number>;
  /** By chance alone. */
  expected?: ArrayLike<number> | undefined;
  /** Under the left and the right end. */
  ends: readonly [string, string];
  /** Share of the width at which a line stands, such as a threshold. */
  mark?: number | undefined;
  /** With these, one bar can be picked, by pointer or by arrow keys and Enter. */
  describe?: (bar: number) => string;
  onPick?: (bar: number) => void;
}

const HEIGHT = 48;

export function Bars(props: BarsProps) {
  const { title, label, all, passing, expected, ends, mark, describe, onPick } = props;
  const n = all.length;
  const max = Math.max(1, ...Array.from(all), ...Array.from(expected ?? []));
  const y = (value: number): number => HEIGHT * (1 - value / max);
  const path = (values: ArrayLike<number>): string =>
    Array.from(values, (value, i) => (value > 0 ? `M${i} ${HEIGHT}V${y(value)}h.85V${HEIGHT}z` : "")).join(
      "",
    );
  const steps = expected && Array.from(expected, (value, i) => `${i ? "L" : "M"}${i} ${y(value)}h1`).join("");
  return (
    <figure class="nbm-chart">
      <figcaption>{title}</figcaption>
      <div class="nbm-chart-body">
        <svg viewBox={`0 0 ${n} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
          <path class="nbm-bars-all" d={path(all)} />
          {passing && <path class="nbm-bars-passing" d={path(passing)} />}
          {steps && <path class="nbm-bars-expected" d={steps} />}
          {mark !== undefined && <path class="nbm-bars-mark" d={`M${mark * n} 0V${HEIGHT}`} />}
        </svg>
        {describe && onPick && <Picker n={n} label={label} describe={describe} onPick={onPick} />}
      </div>
      <div class="nbm-chart-ends">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </div>
    </figure>
  );
}

interface PickerProps {
  n: number;
  label: string;
  describe: (bar: number) => string;
  onPick: (bar: number) => void;
}

/** One stop of the tab key over all bars. */
function Picker({ n, label, describe, onPick }: PickerProps) {
  const [bar, setBar] = useState(-1);
  const move = (to: number): void => setBar(Math.max(0, Math.min(n - 1, to)));
  const barAt = (event: MouseEvent): number => {
    const { left, width } = (event.currentTarget as HTMLElement).getBoundingClientRect();
    return Math.floor(((event.clientX - left) / width) * n);
  };
  const keys = (event: KeyboardEvent): void => {
    const to = { ArrowLeft: bar - 1, ArrowRight: bar + 1, Home: 0, End: n - 1 }[event.key];
    if (to !== undefined) move(to);
    else if (event.key === "Enter" && bar >= 0) onPick(bar);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      class="nbm-picker"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={n - 1}
      aria-valuenow={Math.max(0, bar)}
      aria-valuetext={describe(Math.max(0, bar))}
      title={describe(Math.max(0, bar))}
      onKeyDown={keys}
      onPointerMove={(event) => move(barAt(event))}
      onPointerLeave={() => setBar(-1)}
      onClick={(event) => onPick(barAt(event))}
    >
      {bar >= 0 && <i style={{ left: `${(100 * bar) / n}%`, width: `${100 / n}%` }} />}
    </div>
  );
}
