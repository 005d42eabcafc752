// How hits are counted and how motifs are grouped.
import { copyText } from "../clipboard.ts";
import { plural, whole } from "../format.ts";
import type { CountMode } from "../wire.ts";
import { useScreen } from "./context.ts";
import { Choice, Toggle } from "./controls.tsx";
import { rowsAsText } from "./MotifRow.tsx";
import { MODES, numberColumns } from "./tableColumns.ts";

const NAMES = Object.fromEntries(Object.entries(MODES).map(([mode, { name }]) => [mode, name])) as Record<
  CountMode,
  string
>;

export function CountBar() {
  const { store } = useScreen();
  const { traits } = store;
  const { has } = store.dataset.value!.manifest;
  const mode = traits.count_mode.value;
  const nFamilies = store.families.value!.names.length;
  return (
    <div class="nbm-bar nbm-count-bar">
      {has.hits && (
        <span class="nbm-field">
          count
          <Choice
            label="What is counted"
            title={MODES[mode].hint}
            value={mode}
            options={NAMES}
            onChange={(count_mode) => store.set({ count_mode })}
          />
        </span>
      )}
      <Toggle
        text="families"
        title="Show motifs that look alike as one family"
        checked={traits.by_family.value}
        onChange={(by_family) => store.set({ by_family })}
      />
      {has.tree && (
        <label class="nbm-field" title="Motifs that are on average this similar are one family">
          <input
            type="range"
            class="nbm-similarity"
            aria-label="Similarity of a family's motifs"
            aria-valuetext={`${traits.family_similarity.value}, ${nFamilies} families`}
            min={0.4}
            max={1}
            step={0.01}
            value={traits.family_similarity.value}
            onInput={(event) =>
              store.set({ family_similarity: Number(event.currentTarget.value) }, { settle: false })
            }
            onChange={() => store.host.flush()}
          />
          {traits.family_similarity.value.toFixed(2)}: {whole(nFamilies)}
        </label>
      )}
      <span class="nbm-spacer" />
      <Toggle
        text="filter"
        title="Filter rows by their numbers"
        checked={store.filtering.value}
        onChange={(on) => {
          store.filtering.value = on;
          if (!on) store.set({ _filters: {} });
        }}
      />
      <CopyButton />
    </div>
  );
}

function CopyButton() {
  const { store } = useScreen();
  const copy = async (): Promise<void> => {
    const columns = numberColumns(store.dataset.peek()!, store.traits.count_mode.peek());
    const isDone = await copyText(rowsAsText(store, columns));
    store.say(
      isDone
        ? `Copied ${plural(store.rows.peek().length, "row")}, to paste into a sheet.`
        : "The browser does not allow copying: take explorer.counts in Python.",
    );
  };
  return (
    <button
      class="nbm-button"
      title="Copy the rows as a table, to paste into a sheet"
      onClick={() => void copy()}
    >
      Copy
    </button>
  );
}
