// Numbers as people read them, and never a rounded number that says something untrue.

const WHOLE = new Intl.NumberFormat("en-US");

/** 12,204 */
export const whole = (n: number): string => WHOLE.format(n);

/** What was thrown, in words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** "1 hit", "2 hits", "3 families" */
export const plural = (n: number, noun: string): string =>
  `${whole(n)} ${n === 1 ? noun : `${noun}s`.replace("ys", "ies")}`;

/** 0.01, 1.2e-5: a threshold as it can be typed back, without noise from rounding. */
export function threshold(value: number): string {
  if (value === 0) return "0";
  const [mantissa = "0", exponent = "0"] = value.toExponential(5).split("e");
  const size = Number(exponent);
  if (size >= -3 && size < 6) return String(Number(value.toPrecision(6)));
  return `${Number(mantissa)}e${size}`;
}

/** A p value with two digits. */
export const pValue = (p: number): string => threshold(Number(p.toPrecision(2)));

/** An attribution with sign and three digits; a real minus, so that columns align. */
export function signed(value: number): string {
  const size = Math.abs(value);
  const text =
    size === 0
      ? "0"
      : size < 1e-4
        ? size.toExponential(1)
        : size < 100
          ? size.toPrecision(3)
          : size.toFixed(0);
  return `${value < 0 ? "−" : "+"}${text}`;
}

/** A marginal effect: fixed decimals, so that a column of them aligns. */
export const effect = (value: number): string =>
  Number.isNaN(value) ? "–" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** A sum of attributions, with three digits also where they are zeros, so that a column of them is even. */
export const sum = (value: number): string =>
  value === 0 || value >= 999.5 ? whole(Math.round(value)) : value.toPrecision(3);

/** How many times as much: 7.4× */
export const ratio = (times: number): string =>
  `${times > 0 && times < 9.95 ? times.toPrecision(2) : whole(Math.round(times))}×`;
