// Above the table: search, what is marked, in which sequence is counted; filters, a copy, and pairs.
import { copy } from "../clipboard.ts";
import { plural } from "../format.ts";
import { openCard, toggleMotif } from "../marks.ts";
import { patternName } from "../names.ts";
import { useScreen } from "./context.ts";
import { Chip, Toggle } from "./controls.tsx";
import { rowsAsText } from "./MotifRow.tsx";
import { numberColumns } from "./tableColumns.ts";

export function MotifBar() {
  const { store } = useScreen();
  const { traits } = store;
  const dataset = store.dataset.value!;
  const sequence = traits.sequence.value;
  return (
    <div class="nbm-bar">
      <input
        type="search"
        class="nbm-input"
        placeholder="Search or /regex/"
        aria-label="Search motifs"
        value={traits._search.value}
        onInput={(event) => store.set({ _search: event.currentTarget.value }, { settle: false })}
        onChange={() => store.host.flush()}
        onKeyDown={(event) => {
          if (event.key === "Escape") store.set({ _search: "" });
        }}
      />
      <span class="nbm-chips">
        {sequence === null && traits.selected_motifs.value.length === 0 && (
          <span class="nbm-muted">Click a row to mark its sites, a logo for its card.</span>
        )}
        {sequence !== null && (
          <Chip
            text={`in ${dataset.sequenceName(sequence)}`}
            label="Count in all sequences"
            title="Only this sequence is counted"
            onRemove={() => store.set({ sequence: null })}
          />
        )}
        {traits.selected_motifs.value.map((name, slot) => (
          <Chip
            key={name}
            slot={slot}
            text={patternName(name)}
            label={`Unmark ${name}`}
            title={`Open the card of ${name}`}
            onOpen={() => openCard(store, name)}
            onRemove={() => toggleMotif(store, name)}
          />
        ))}
      </span>
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
      {dataset.manifest.has.hits && (
        <button
          class="nbm-button"
          aria-pressed={traits._shows_pairs.value}
          title="Which motifs share sequences, and how far apart they stand"
          onClick={() => store.set({ _shows_pairs: !traits._shows_pairs.peek() })}
        >
          Pairs
        </button>
      )}
    </div>
  );
}

function CopyButton() {
  const { store } = useScreen();
  const copyRows = (): void => {
    const columns = numberColumns(store.dataset.peek()!, store.traits.count_mode.peek());
    const n = plural(store.rows.peek().length, "row");
    void copy(store, rowsAsText(store, columns), `${n}, to paste into a sheet`, "explorer.counts");
  };
  return (
    <button class="nbm-button" title="Copy the rows, to paste into a sheet" onClick={copyRows}>
      Copy
    </button>
  );
}
