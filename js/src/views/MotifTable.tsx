// Families of motifs and their counts. Only the rows in sight exist, so thousands cost as much as thirty.
import { useRef, useState } from "preact/hooks";
import { plural, whole } from "../format.ts";
import { expand, toggleRow } from "../marks.ts";
import { matcher } from "../order.ts";
import { showUnexplained } from "../paging.ts";
import { CountBar } from "./CountBar.tsx";
import { useScreen, useSize, useUniqueId } from "./context.ts";
import { MotifBar } from "./MotifBar.tsx";
import { MotifRow, ROW } from "./MotifRow.tsx";
import { TableHead } from "./TableHead.tsx";
import { numberColumns } from "./tableColumns.ts";

const OVERSCAN = 2;

export function MotifTable() {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const rows = store.rows.value;
  const columns = numberColumns(dataset, store.traits.count_mode.value);
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useSize(scroller, "clientHeight");
  const [active, setActive] = useState<number | null>(null);
  const id = useUniqueId();

  const first = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + OVERSCAN);
  const place = active === null ? -1 : rows.indexOf(active);
  const level = store.traits.by_family.value ? counts.families : counts.motifs;
  const most = { count: largest(level.count), seqlets: largest(level.seqlets) };

  const activate = (next: number): void => {
    const at = Math.max(0, Math.min(rows.length - 1, next));
    if (rows[at] === undefined) return;
    setActive(rows[at]);
    store.pointed.value = rows[at];
    const element = scroller.current!;
    const room = element.clientHeight - ROW;
    if (at * ROW < element.scrollTop) element.scrollTop = at * ROW;
    else if ((at + 1) * ROW > element.scrollTop + room) element.scrollTop = (at + 1) * ROW - room;
  };
  const keys = (event: KeyboardEvent): void => {
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor(height / ROW) - 2);
    const to = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    const family = active !== null && active < 0 ? ~active : null;
    if (to !== undefined) activate(to);
    else if (event.key === "Enter" || event.key === " ") {
      if (active !== null) toggleRow(store, active);
    } else if (family !== null && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      expand(store, family, event.key === "ArrowRight");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const pointAtNothing = (): void => {
    store.pointed.value = null;
  };

  return (
    <section class="nbm-panel nbm-motifs" aria-label="Motifs">
      <MotifBar />
      <CountBar />
      <div
        class="nbm-grid"
        role="treegrid"
        aria-label="Motifs"
        aria-rowcount={rows.length + 1}
        aria-multiselectable="true"
        aria-activedescendant={place >= 0 ? `${id}-${active}` : undefined}
        tabIndex={0}
        ref={scroller}
        style={{ "--columns": columns.map(({ width }) => `${width}px`).join(" ") }}
        onKeyDown={keys}
        onPointerLeave={pointAtNothing}
        onBlur={pointAtNothing}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <TableHead columns={columns} />
        <div class="nbm-grid-rows" role="rowgroup" style={{ height: `${rows.length * ROW}px` }}>
          {Array.from(rows.subarray(first, last), (row, i) => (
            <MotifRow
              // the same family keeps its row when a slider makes families anew
              key={row < 0 ? `f ${counts.grouping.names[~row]}` : row}
              id={`${id}-${row}`}
              row={row}
              at={first + i}
              columns={columns}
              most={most}
              isActive={row === active}
              onPick={() => setActive(row)}
            />
          ))}
        </div>
        {rows.length === 0 && <NoRows />}
      </div>
      <Summary />
    </section>
  );
}

function largest(values: Float64Array): number {
  let most = 1e-300;
  for (const value of values) if (value > most) most = value;
  return most;
}

function NoRows() {
  const { store } = useScreen();
  const { _search: search, _filters: filters } = store.traits;
  const isFiltered = search.value !== "" || Object.keys(filters.value).length > 0;
  return (
    <p class="nbm-message">
      {!matcher(search.value)
        ? `${search.value} is not a regular expression.`
        : isFiltered
          ? "No motif or family fits the search and the filters."
          : "There is no motif to show: give the Explorer a motif database."}
      {isFiltered && (
        <button class="nbm-button" onClick={() => store.set({ _search: "", _filters: {} })}>
          Show all
        </button>
      )}
    </p>
  );
}

function Summary() {
  const { store } = useScreen();
  const { manifest } = store.dataset.value!;
  const counts = store.counts.value!;
  const byFamily = store.traits.by_family.value;
  const rows = store.rows.value;
  const nAll = byFamily ? counts.grouping.names.length : manifest.n_motifs;
  const nRows = byFamily ? rows.reduce((n, row) => n + Number(row < 0), 0) : rows.length;
  const level = byFamily ? counts.families : counts.motifs;
  // with a kernel it is only a moment
  const isWithoutChance =
    manifest.has.null && Number.isNaN(level.expected[0]) && store.host.source.value !== "kernel";
  const withHits = level.count.reduce((n, value) => n + Number(value > 0), 0);
  const nUnexplained = store.unexplained.value.length;
  const all = plural(nAll, byFamily ? "family" : "motif");
  return (
    <div class="nbm-summary" aria-live={store.dragging.value ? "off" : "polite"}>
      <span>
        {nRows === nAll ? all : `${whole(nRows)} of ${all}`}
        {manifest.has.hits && `, ${whole(withHits)} with hits`}
        {manifest.has.seqlets && ` · ${plural(counts.nSeqlets - counts.nAssigned, "seqlet")} unassigned`}
        {isWithoutChance && " · Obs/exp takes a kernel here"}
        {!counts.isExact && manifest.has.hits && " · ≈ until the kernel has counted"}
      </span>
      <span class="nbm-spacer" />
      {manifest.has.seqlets && manifest.has.attributions && (
        <button
          class="nbm-button"
          title="The strongest seqlet with no match and no hit that counts (U)"
          onClick={() => showUnexplained(store)}
        >
          Show {nUnexplained > 0 && `the ${store.isHere.value ? "" : "≈"}${whole(nUnexplained)} `}unexplained
        </button>
      )}
    </div>
  );
}
