// Thresholds with a reason, the way back, another set to compare with, and where is counted.
import { threshold } from "../format.ts";
import type { Query } from "../wire.ts";
import { useScreen } from "./context.ts";
import { Chip, Field, PushButton } from "./controls.tsx";

export function Reasons() {
  const { store } = useScreen();
  const { traits } = store;
  const { length, has } = store.dataset.value!.manifest;
  const suggestions = store.answers.background.value?.suggestions ?? [];
  const pinned = traits._pinned.value;
  const window = traits.window.value;
  const setWindow = (end: number, position: number): string => {
    const next = (traits.window.peek() ?? [0, length]).with(end, Math.round(position)) as [number, number];
    const [from, to] = next;
    if (!(from >= 0 && from < to && to <= length)) return `Type a start and an end between 0 and ${length}.`;
    store.set({ window: from === 0 && to === length ? null : next });
    return "";
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
                {name} <span class="nbm-muted">{threshold(Number(value.toPrecision(3)))}</span>
              </button>
            ))}
          </span>
        )}
        <span class="nbm-group">
          <PushButton
            class="nbm-button"
            title="Back to the thresholds before"
            isOff={!store.history.canUndo.value}
            onClick={() => store.undo()}
          >
            Undo
          </PushButton>
          {pinned ? (
            <Chip
              text="A ⇄ B"
              title={`Exchange with A: ${describe(pinned)}`}
              label="Forget A"
              onOpen={() => {
                const { count_mode, family_similarity, sequence, ...cuts } = pinned;
                store.set({ ...cuts, _pinned: store.query.peek() });
              }}
              onRemove={() => store.set({ _pinned: null })}
            />
          ) : (
            <button
              class="nbm-button"
              title="Keep these thresholds as A, to compare with"
              onClick={() => store.set({ _pinned: store.query.peek() })}
            >
              Pin as A
            </button>
          )}
        </span>
      </div>
      <div class="nbm-groups">
        <span class="nbm-group" title="Count only what lies between these positions of each sequence">
          positions
          {[0, 1].map((end) => (
            <Field
              key={end}
              label={end === 0 ? "First position" : "Last position"}
              value={String(window ? window[end] : end * length)}
              isNumber
              commit={(text) => setWindow(end, Number(text))}
            />
          ))}
        </span>
        <SequenceFilter />
      </div>
    </>
  );
}

const describe = (query: Query): string =>
  `attribution ${threshold(query.attribution_threshold)}, FIMO p ${threshold(query.fimo_p_threshold)}, seqlet p ${threshold(query.seqlet_p_threshold)}, TOMTOM p ${threshold(query.tomtom_p_threshold)}, sign ${query.sign}`;

function SequenceFilter() {
  const { store } = useScreen();
  const filter = store.traits.sequence_filter.value;
  const { allowed } = store.thresholds.value;
  const nAll = store.dataset.value!.manifest.n_sequences;
  const n = allowed ? allowed.reduce((sum, value) => sum + value, 0) : nAll;
  return (
    <span class="nbm-group" title="A chromosome, a region such as chr2:1,000-2,000, or part of the names">
      sequences
      <Field
        label="Filter sequences"
        placeholder="all"
        value={Array.isArray(filter) ? `${filter.length} chosen` : (filter ?? "")}
        commit={(text) => {
          store.set({ sequence_filter: text.trim() || null });
          return "";
        }}
      />
      {allowed && (
        <span class="nbm-muted">
          {n} of {nAll}
        </span>
      )}
    </span>
  );
}
