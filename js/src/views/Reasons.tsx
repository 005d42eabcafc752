// Thresholds with a reason, the way back, another set to compare with, and where is counted.
import { useState } from "preact/hooks";
import { threshold } from "../format.ts";
import type { Query } from "../wire.ts";
import { useScreen } from "./context.ts";

export function Reasons() {
  const { store } = useScreen();
  const { traits } = store;
  const { length, has } = store.dataset.value!.manifest;
  const suggestions = store.answers.background.value?.suggestions ?? [];
  const pinned = store.pinned.value;
  const window = traits.window.value;
  const setWindow = (start: number, end: number): void => {
    const [from, to] = [Math.max(0, Math.round(start)), Math.min(length, Math.round(end))];
    store.set({ window: from === 0 && to === length ? null : from < to ? [from, to] : traits.window.peek() });
  };
  return (
    <>
      <div class="nbm-groups">
        {has.hits && suggestions.length > 0 && (
          <span class="nbm-group">
            suggested
            {suggestions.map(({ name, value, reason }) => (
              <button
                key={name}
                class="nbm-button"
                aria-pressed={traits.attribution_threshold.value === value}
                title={`Attribution ${threshold(value)}: ${reason}`}
                onClick={() => store.set({ attribution_threshold: value })}
              >
                {name}
              </button>
            ))}
          </span>
        )}
        <span class="nbm-group">
          <button
            class="nbm-button"
            title="Back to the thresholds before"
            disabled={!store.canUndo.value}
            onClick={() => store.undo()}
          >
            Undo
          </button>
          <button
            class="nbm-button"
            aria-pressed={pinned !== null}
            title={pinned ? "Forget the thresholds A" : "Keep these thresholds as A, to compare with"}
            onClick={() => {
              store.pinned.value = pinned ? null : store.query.peek();
            }}
          >
            {pinned ? `A: ${threshold(pinned.attribution_threshold)}` : "Pin as A"}
          </button>
          {pinned && (
            <button
              class="nbm-button"
              title="Exchange the thresholds A and those that are shown"
              onClick={() => {
                const { count_mode, family_similarity, sequence, ...cuts } = pinned as Query;
                store.pinned.value = store.query.peek();
                store.set(cuts);
              }}
            >
              A ⇄ B
            </button>
          )}
        </span>
      </div>
      <div class="nbm-groups">
        <span class="nbm-group" title="Count only what lies between these positions of each sequence">
          positions
          {[0, 1].map((end) => (
            <Typed
              key={end}
              label={end === 0 ? "First position" : "Last position"}
              max={length}
              value={String(window ? window[end] : end * length)}
              commit={(text) => {
                const [start, stop] = traits.window.peek() ?? [0, length];
                setWindow(end === 0 ? Number(text) : start, end === 0 ? stop : Number(text));
              }}
            />
          ))}
        </span>
        <SequenceFilter />
      </div>
    </>
  );
}

function SequenceFilter() {
  const { store } = useScreen();
  const filter = store.traits.sequence_filter.value;
  const { allowed } = store.thresholds.value;
  const nAll = store.dataset.value!.manifest.n_sequences;
  const n = allowed ? allowed.reduce((sum, value) => sum + value, 0) : nAll;
  return (
    <span class="nbm-group" title="A chromosome, a region such as chr2:1,000-2,000, or part of the names">
      sequences
      <Typed
        label="Filter sequences"
        value={Array.isArray(filter) ? `${filter.length} chosen` : (filter ?? "")}
        commit={(text) => store.set({ sequence_filter: text.trim() || null })}
      />
      {allowed && (
        <span class="nbm-muted">
          {n} of {nAll}
        </span>
      )}
    </span>
  );
}

interface TypedProps {
  label: string;
  value: string;
  /** For numbers: the largest. */
  max?: number;
  commit: (text: string) => void;
}

/** What is being typed stays, whatever is drawn anew meanwhile. */
function Typed({ label, value, max, commit }: TypedProps) {
  const [text, setText] = useState<string | null>(null);
  return (
    <input
      {...(max === undefined ? { placeholder: "all" } : { type: "number", min: 0, max })}
      class={max === undefined ? "nbm-input" : "nbm-number"}
      aria-label={label}
      value={text ?? value}
      onInput={(event) => setText(event.currentTarget.value)}
      onChange={(event) => {
        commit(event.currentTarget.value);
        setText(null);
      }}
      onBlur={() => setText(null)}
    />
  );
}
