// One row of the table: a family, or a motif.
import { whole } from "../format.ts";
import { expand, isExpanded, openCard, slotOf, toggleRow } from "../marks.ts";
import { patternName } from "../names.ts";
import { numberOf } from "../order.ts";
import { useScreen } from "./context.ts";
import { Icon } from "./Icon.tsx";
import { MotifLogo } from "./MotifLogo.tsx";
import { Swatch } from "./Swatch.tsx";
import { type ColumnSpec, cellText } from "./tableColumns.ts";

/** Height, in pixels. */
export const ROW = 38;

interface RowProps {
  id: string;
  /** A motif, or ~family. */
  row: number;
  at: number;
  columns: ColumnSpec[];
  /** What a full bar stands for. */
  most: { count: number; seqlets: number };
  isActive: boolean;
  onPick: () => void;
}

export function MotifRow({ id, row, at, columns, most, isActive, onPick }: RowProps) {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const pinned = store.pinnedCounts.value;
  const mode = store.traits.count_mode.value;
  const { names, labels, medoids } = counts.grouping;
  const isFamily = row < 0;
  const i = isFamily ? ~row : row;
  const level = isFamily ? counts.families : counts.motifs;
  const before = pinned && (isFamily ? pinned.families : pinned.motifs);
  const motif = isFamily ? medoids[i] : row;
  const name = isFamily ? names[i] : dataset.manifest.motif_names[row];
  const members = counts.families.members[isFamily ? i : labels[row]];
  const isNested = !isFamily && store.traits.by_family.value;
  const isOpen = isFamily && isExpanded(store, i);
  const slot = slotOf(store, row);
  const moved = at - (store.places.value?.get(row) ?? at);
  const tip =
    isFamily && members > 1
      ? `${name}: ${whole(members)} motifs, shown by ${dataset.manifest.motif_names[motif]}`
      : name;
  return (
    <div
      id={id}
      class="nbm-grid-row"
      role="row"
      data-motif={isFamily ? undefined : name}
      data-family={isFamily ? name : undefined}
      data-nested={isNested}
      data-active={isActive}
      aria-rowindex={at + 2}
      aria-level={store.traits.by_family.value ? (isFamily ? 1 : 2) : undefined}
      aria-expanded={isFamily && members > 1 ? isOpen : undefined}
      aria-selected={slot >= 0}
      style={{
        transform: `translateY(${at * ROW}px)`,
        ...(slot >= 0 ? { "--mark": `var(--nbm-motif-${slot + 1})` } : {}),
      }}
      onPointerEnter={() => {
        store.pointed.value = row;
      }}
      onClick={() => {
        onPick();
        toggleRow(store, row);
      }}
    >
      <div
        role="gridcell"
        class="nbm-cell"
        data-column="logo"
        title={`Open the card of ${name}`}
        onClick={(event) => {
          event.stopPropagation();
          onPick();
          openCard(store, name);
        }}
      >
        <MotifLogo motif={motif} reverse={store.reverseLogos.value} />
      </div>
      <div role="gridcell" class="nbm-cell" data-column="names" title={tip}>
        <div class="nbm-motif-name">
          {slot >= 0 && <Swatch slot={slot} />}
          <span data-column="name">{isNested ? dataset.labelOf(row) : patternName(name)}</span>
          {moved !== 0 && (
            <span class="nbm-moved" data-up={moved > 0}>
              {moved > 0 ? "▲" : "▼"}
              {Math.abs(moved)}
            </span>
          )}
        </div>
        <div class="nbm-family" data-column="family">
          {isNested ? (
            name
          ) : !isFamily ? (
            names[labels[row]]
          ) : members > 1 ? (
            <button
              class="nbm-expand"
              aria-label={`${isOpen ? "Hide" : "Show"} the ${members} motifs of ${name}`}
              tabIndex={-1}
              onClick={(event) => {
                event.stopPropagation();
                onPick();
                expand(store, i, !isOpen);
              }}
            >
              <Icon name={isOpen ? "up" : "down"} />
              {whole(members)} motifs
            </button>
          ) : (
            dataset.manifest.motif_names[motif] !== name && dataset.manifest.motif_names[motif]
          )}
        </div>
      </div>
      {columns.map(({ column, title }) => {
        const bar = column === "count" || column === "seqlets" ? level[column][i] / most[column] : 0;
        const was = column === "count" && before ? cellText(pinned, before, column, i, mode) : undefined;
        return (
          <div
            key={column}
            role="gridcell"
            class="nbm-cell nbm-cell-number"
            data-column={column === "count" ? mode : column}
            data-value={numberOf(level, column, i)}
            data-zero={column !== "marginal" && level[column === "enrichment" ? "count" : column][i] === 0}
            title={was && `${title} at A: ${was}`}
          >
            {bar > 0 && <span class="nbm-bar-fill" style={{ width: `${Math.min(100, 100 * bar)}%` }} />}
            <span class="nbm-value">{cellText(counts, level, column, i, mode)}</span>
            {was && before!.count[i] !== level.count[i] && <span class="nbm-was">A {was}</span>}
          </div>
        );
      })}
    </div>
  );
}

/** The rows as they stand, tab-separated, under the names that `Explorer.counts` has for them. */
export function rowsAsText(
  store: ReturnType<typeof useScreen>["store"],
  columns: readonly ColumnSpec[],
): string {
  const dataset = store.dataset.peek()!;
  const counts = store.counts.peek()!;
  const mode = store.traits.count_mode.peek();
  const { names, labels } = counts.grouping;
  const copied = columns.flatMap(({ column }) =>
    column === "enrichment" ? (["expected", column] as const) : [column],
  );
  const head = ["family", "motif_name", ...copied.map((column) => (column === "count" ? mode : column))];
  const lines = Array.from(store.rows.peek(), (row) => {
    const [level, i] = row < 0 ? [counts.families, ~row] : [counts.motifs, row];
    const motif = row < 0 ? "" : dataset.manifest.motif_names[row];
    // what is missing is an empty cell
    const numbers = copied.map((column) => String(numberOf(level, column, i)).replace("NaN", ""));
    return [names[row < 0 ? i : labels[row]], motif, ...numbers];
  });
  return [head, ...lines].map((cells) => cells.join("\t")).join("\n");
}
