// One threshold: a slider over a picture of the values, a box to type into, and what passes.
import { useEffect, useRef, useState } from "preact/hooks";
import { threshold } from "../format.ts";
import type { SliderScale } from "../scales.ts";
import { ownKeys, useUniqueId } from "./context.ts";

interface SliderProps {
  label: string;
  name: string;
  /** Values pass above the threshold, or below it. */
  passes: "above" | "below";
  /** How the value is compared, as it stands before the number. */
  operator: string;
  value: number;
  scale: SliderScale;
  bins: Uint32Array | null;
  limits: { min: number; max: number };
  note: string;
  title: string;
  onMove: (value: number) => void;
  onSettle: () => void;
}

export function Slider(props: SliderProps) {
  const { label, name, passes, value, scale, bins, note, title, onMove, onSettle } = props;
  const step = scale.toStep(value);
  const share = step / scale.steps;
  const noteId = useUniqueId();
  return (
    <div class="nbm-slider" data-passes={passes} style={{ "--share": share }} title={title}>
      <div class="nbm-slider-head">
        <span class="nbm-label">{label}</span>
        <span class="nbm-operator">{props.operator}</span>
        <NumberBox name={name} value={value} limits={props.limits} onCommit={onMove} onSettle={onSettle} />
      </div>
      <div class="nbm-slider-body">
        {bins && <Histogram bins={bins} />}
        <input
          type="range"
          aria-label={name}
          aria-describedby={noteId}
          aria-valuetext={`${label} ${passes} ${threshold(value)}, ${note}`}
          min={0}
          max={scale.steps}
          step={1}
          value={step}
          {...ownKeys}
          onInput={(event) => onMove(scale.toValue(Number(event.currentTarget.value)))}
          onChange={onSettle}
          onPointerUp={onSettle}
          onPointerCancel={onSettle}
          onKeyUp={onSettle}
          onBlur={onSettle}
          onKeyDown={(event) => event.stopPropagation()}
        />
      </div>
      <div class="nbm-note" id={noteId}>
        {note}
      </div>
    </div>
  );
}

function NumberBox(props: {
  name: string;
  value: number;
  limits: { min: number; max: number };
  onCommit: (value: number) => void;
  onSettle: () => void;
}) {
  const { name, value, limits, onCommit, onSettle } = props;
  const shown = threshold(value);
  const [text, setText] = useState(shown);
  const [wrong, setWrong] = useState("");
  const editing = useRef(false);
  useEffect(() => {
    if (editing.current) return;
    setText(shown);
    setWrong("");
  }, [shown]);
  const revert = (): void => {
    editing.current = false;
    setText(shown);
    setWrong("");
  };
  const commit = (typed: string): void => {
    const number = Number(typed);
    if (typed.trim() === "" || !(number >= limits.min && number <= limits.max)) {
      setWrong(
        limits.max === 1
          ? "Type a number above 0, at most 1."
          : `Type a number of at least ${threshold(limits.min)}.`,
      );
      return;
    }
    editing.current = false;
    setWrong("");
    setText(threshold(number));
    if (number !== value) {
      onCommit(number);
      onSettle();
    }
  };
  return (
    <input
      class="nbm-number"
      type="number"
      step="any"
      aria-label={`${name} (number)`}
      aria-invalid={wrong !== ""}
      title={wrong || undefined}
      value={text}
      {...ownKeys}
      onInput={(event) => {
        editing.current = true;
        setText(event.currentTarget.value);
      }}
      onChange={(event) => commit(event.currentTarget.value)}
      onBlur={() => editing.current && wrong !== "" && revert()}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") revert();
      }}
    />
  );
}

/** How the values are spread over the slider: the passing part stands out. */
function Histogram({ bins }: { bins: Uint32Array }) {
  const max = Math.max(1, ...bins);
  // the cube root keeps a few strong values visible beside many weak ones
  const bars = Array.from(bins, (n, i) => (n === 0 ? "" : `M${i} 1V${1 - Math.cbrt(n / max)}h.8V1z`)).join(
    "",
  );
  return (
    <div class="nbm-histogram" aria-hidden="true">
      {["all", "passing"].map((part) => (
        <svg
          key={part}
          class={`nbm-histogram-${part}`}
          viewBox={`0 0 ${bins.length} 1`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          <path d={bars} />
        </svg>
      ))}
    </div>
  );
}
