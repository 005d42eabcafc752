// A small bar chart: what counts stands out from all there is, and a line says what chance would give.
import { ownKeys } from "./context.ts";

interface BarsProps {
  title: string;
  /** For those who cannot see it. */
  label: string;
  all: ArrayLike<number>;
  /** The part that stands out. */
  passing?: ArrayLike<number>;
  /** By chance alone. */
  expected?: ArrayLike<number>;
  /** Under the left and the right end. */
  ends: readonly [string, string];
  /** Share of the width at which a line stands, such as a threshold. */
  mark?: number | undefined;
  /** Makes each bar a button; says what it is. */
  describe?: (bar: number) => string;
  onPick?: (bar: number) => void;
}

const HEIGHT = 48;

export function Bars(props: BarsProps) {
  const { title, label, all, passing, expected, ends, mark, describe, onPick } = props;
  const n = all.length;
  const max = Math.max(1e-9, ...Array.from(all), ...Array.from(expected ?? []));
  const y = (value: number): number => HEIGHT * (1 - value / max);
  const path = (values: ArrayLike<number>): string =>
    Array.from(values, (value, i) => (value > 0 ? `M${i} ${HEIGHT}V${y(value)}h.85V${HEIGHT}z` : "")).join(
      "",
    );
  const steps =
    expected && Array.from(expected, (value, i) => `${i ? "L" : "M"}${i} ${y(value)}h.85`).join("");
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
        {onPick && (
          <div class="nbm-bars-picks">
            {Array.from(all, (value, bar) => (
              <button
                key={bar}
                type="button"
                title={describe?.(bar)}
                aria-label={describe?.(bar)}
                disabled={value === 0}
                onClick={() => onPick(bar)}
                {...ownKeys}
              />
            ))}
          </div>
        )}
      </div>
      <div class="nbm-chart-ends">
        <span>{ends[0]}</span>
        <span>{ends[1]}</span>
      </div>
    </figure>
  );
}
