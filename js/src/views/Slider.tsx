// One threshold: a slider, a box to type into, and what passes.
import { useEffect, useRef, useState } from "preact/hooks";
import { threshold } from "../format.ts";
import type { SliderScale } from "../scales.ts";
import { useUniqueId } from "./context.ts";

interface SliderProps {
  label: string;
  name: string;
  /** Values pass above the threshold, or below it. */
  passes: "above" | "below";
  /** How the value is compared, as it stands before the number. */
  operator: string;
  value: number;
  scale: SliderScale;
  limits: { min: number; max: number };
  note: string;
  title: string;
  /** The pointer or the focus has come. */
  onReach: () => void;
  onMove: (value: number) => void;
  onSettle: () => void;
}

export function Slider(props: SliderProps) {
  const { label, name, passes, value, scale, note, title, onMove, onSettle } = props;
  const step = scale.toStep(value);
  const noteId = useUniqueId();
  return (
    <div class="nbm-slider" title={title} onPointerEnter={props.onReach} onFocusIn={props.onReach}>
      <div class="nbm-slider-head">
        <span class="nbm-label">{label}</span>
        <span class="nbm-operator">{props.operator}</span>
        <NumberBox name={name} value={value} limits={props.limits} onCommit={onMove} onSettle={onSettle} />
      </div>
      <input
        type="range"
        aria-label={name}
        aria-describedby={noteId}
        aria-valuetext={`${label} ${passes} ${threshold(value)}, ${note}`}
        min={0}
        max={scale.steps}
        step={1}
        value={step}
        onInput={(event) => onMove(scale.toValue(Number(event.currentTarget.value)))}
        onChange={onSettle}
        onPointerUp={onSettle}
        onPointerCancel={onSettle}
        onKeyUp={onSettle}
        onBlur={onSettle}
      />
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
