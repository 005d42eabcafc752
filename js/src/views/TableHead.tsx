// The head of the table: what rows are sorted by, and what their numbers must be.
import { parseBound } from "../order.ts";
import type { NumberColumn, SortColumn } from "../wire.ts";
import { useScreen } from "./context.ts";
import { Field } from "./controls.tsx";
import { Icon } from "./Icon.tsx";
import type { ColumnSpec } from "./tableColumns.ts";

export function TableHead({ columns }: { columns: ColumnSpec[] }) {
  const { store } = useScreen();
  const isFiltering = store.filtering.value;
  const byFamily = store.traits.by_family.value;
  return (
    <div class="nbm-grid-head" role="rowgroup">
      <div class="nbm-grid-row" role="row" aria-rowindex={1}>
        <div role="columnheader" class="nbm-cell" data-column="logo">
          <button
            class="nbm-sort"
            aria-pressed={store.reverseLogos.value}
            title="Show the logos of the other strand"
            onClick={() => {
              store.reverseLogos.value = !store.reverseLogos.peek();
            }}
          >
            Logo {store.reverseLogos.value ? "←" : "→"}
          </button>
        </div>
        <div role="columnheader" class="nbm-cell" data-column="names">
          <SortButton
            column="name"
            title={byFamily ? "Family" : "Motif"}
            hint="Sort by name; (+2): two more names"
          />
          {byFamily ? (
            <SortButton column="members" title="Members" hint="Sort by how many motifs a family has" />
          ) : (
            <SortButton column="family" title="Family" hint="Sort by family" />
          )}
        </div>
        {columns.map(({ column, title, hint }) => (
          <div key={column} role="columnheader" class="nbm-cell nbm-cell-number">
            <SortButton column={column} title={title} hint={hint} />
          </div>
        ))}
      </div>
      {isFiltering && (
        <div class="nbm-grid-row" role="row">
          <div role="gridcell" class="nbm-cell" />
          <div role="gridcell" class="nbm-cell">
            {byFamily && <Filter column="members" title="Members" />}
          </div>
          {columns.map(({ column, title }) => (
            <div key={column} role="gridcell" class="nbm-cell">
              <Filter column={column} title={title} />
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

/** Click: sort by this column alone; with Shift: by it as well. */
function SortButton({ column, title, hint }: { column: SortColumn; title: string; hint: string }) {
  const { store } = useScreen();
  const sort = store.traits._sort.value;
  const place = sort.findIndex((key) => key.column === column);
  const key = sort[place];
  const click = (event: MouseEvent): void => {
    const isText = column === "name" || column === "family";
    const next = { column, descending: key ? !key.descending : !isText };
    if (!event.shiftKey) store.set({ _sort: [next] });
    else store.set({ _sort: key ? sort.with(place, next) : [...sort, next] });
  };
  const state = key
    ? `, ${key.descending ? "descending" : "ascending"}${place > 0 ? `, key ${place + 1}` : ""}`
    : "";
  return (
    <button
      class="nbm-sort"
      data-sorted={place >= 0}
      aria-label={`${title}: ${hint}${state}`}
      title={`${hint} (Shift-click: sort by this too)`}
      onClick={click}
    >
      {title}
      {key && <Icon name={key.descending ? "down" : "up"} />}
      {place > 0 && <sub>{place + 1}</sub>}
    </button>
  );
}

function Filter({ column, title }: { column: NumberColumn; title: string }) {
  const { store } = useScreen();
  const filters = store.traits._filters.value;
  const commit = (text: string): string => {
    const { [column]: _, ...others } = filters;
    const isEmpty = text.trim() === "";
    if (!isEmpty && !parseBound(text)) return "Type a bound, such as >= 10, < 5 or 10.";
    store.set({ _filters: isEmpty ? others : { ...others, [column]: text } });
    return "";
  };
  return (
    <Field
      label={`Filter ${title}`}
      title="Keep rows with such a number: >= 10, < 5, 10 (at least)"
      placeholder="≥"
      value={filters[column] ?? ""}
      isLive
      commit={commit}
    />
  );
}
