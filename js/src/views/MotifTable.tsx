// The motifs and their counts. Only the rows in sight exist, so thousands of motifs cost as much as thirty.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Counts } from "../counts.ts";
import type { Dataset } from "../dataset.ts";
import { effect, plural, whole } from "../format.ts";
import type { SortColumn } from "../wire.ts";
import { ownKeys, useScreen, useUniqueId } from "./context.ts";
import { Icon } from "./Icon.tsx";
import { MotifBar } from "./MotifBar.tsx";
import { MotifLogo } from "./MotifLogo.tsx";
import { Swatch } from "./Swatch.tsx";

const ROW = 38;
const OVERSCAN = 4;

interface ColumnSpec {
  column: SortColumn;
  title: string;
  hint: string;
  /** Pixels. */
  width: number;
}

type CountColumn = "hits" | "sequences" | "seqlets";

function countColumns({ manifest }: Dataset): ColumnSpec[] {
  const { has } = manifest;
  const columns: ColumnSpec[] = [];
  if (has.hits) {
    columns.push(
      { column: "hits", title: "Hits", hint: "FIMO hits that pass both thresholds", width: 60 },
      { column: "sequences", title: "Seqs", hint: "Sequences with at least one such hit", width: 42 },
    );
  }
  if (has.seqlets)
    columns.push({
      column: "seqlets",
      title: "Seqlets",
      hint: "Seqlets whose best match is this motif",
      width: 58,
    });
  if (has.marginal)
    columns.push({ column: "marginal", title: "Marginal", hint: "Effect of inserting the motif", width: 60 });
  return columns;
}

export function MotifTable() {
  const { store } = useScreen();
  const dataset = store.dataset.value!;
  const counts = store.counts.value!;
  const rows = store.rows.value;
  const selected = store.selected.value;
  const columns = countColumns(dataset);
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [active, setActive] = useState<number | null>(null);
  const id = useUniqueId();

  useEffect(() => {
    const element = scroller.current!;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(top / ROW) - OVERSCAN);
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW) + OVERSCAN);
  const place = active === null ? -1 : rows.indexOf(active);
  const maxHits = Math.max(1, max(counts.hits));
  const maxSeqlets = Math.max(1, max(counts.seqlets));

  const activate = (next: number): void => {
    const at = Math.max(0, Math.min(rows.length - 1, next));
    if (rows[at] === undefined) return;
    setActive(rows[at]);
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
    const isToggle = event.key === "Enter" || event.key === " ";
    if (to === undefined && !isToggle) return;
    event.preventDefault();
    event.stopPropagation();
    if (to !== undefined) activate(to);
    else if (active !== null) store.toggleMotif(dataset.manifest.motif_names[active]!);
  };

  return (
    <section class="nbm-panel nbm-motifs" aria-label="Motifs">
      <MotifBar />
      <div
        class="nbm-grid"
        role="grid"
        aria-label="Motifs"
        aria-rowcount={rows.length + 1}
        aria-multiselectable="true"
        aria-activedescendant={place >= 0 ? `${id}-${active}` : undefined}
        tabIndex={0}
        ref={scroller}
        style={{ "--columns": columns.map(({ width }) => `${width}px`).join(" ") }}
        {...ownKeys}
        onKeyDown={keys}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <Head columns={columns} />
        <div class="nbm-grid-rows" role="rowgroup" style={{ height: `${rows.length * ROW}px` }}>
          {Array.from(rows.subarray(first, last), (motif, i) => (
            <Row
              key={motif}
              id={`${id}-${motif}`}
              motif={motif}
              at={first + i}
              dataset={dataset}
              counts={counts}
              columns={columns}
              slot={selected.indexOf(motif)}
              isActive={motif === active}
              shares={{ hits: counts.hits[motif] / maxHits, seqlets: counts.seqlets[motif] / maxSeqlets }}
              onToggle={() => {
                setActive(motif);
                store.toggleMotif(dataset.manifest.motif_names[motif]!);
              }}
            />
          ))}
        </div>
        {rows.length === 0 && <NoRows />}
      </div>
      <Summary dataset={dataset} counts={counts} nRows={rows.length} />
    </section>
  );
}

function max(values: Uint32Array): number {
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return most;
}

function Head({ columns }: { columns: ColumnSpec[] }) {
  return (
    <div class="nbm-grid-head nbm-grid-row" role="row" aria-rowindex={1}>
      <div role="columnheader" class="nbm-cell" data-column="logo">
        <span class="nbm-sort">Logo</span>
      </div>
      <div role="columnheader" class="nbm-cell nbm-cell-names" data-column="names">
        <SortButton column="name" title="Motif" hint="Sort by name" />
        <SortButton column="family" title="Family" hint="Sort by family" />
      </div>
      {columns.map(({ column, title, hint }) => (
        <div key={column} role="columnheader" class="nbm-cell nbm-cell-number">
          <SortButton column={column} title={title} hint={hint} />
        </div>
      ))}
    </div>
  );
}

function SortButton({ column, title, hint }: Omit<ColumnSpec, "width">) {
  const { store } = useScreen();
  const sort = store.traits._sort.value;
  const isSorted = sort.column === column;
  const isText = column === "name" || column === "family";
  const click = (): void =>
    store.set({ _sort: { column, descending: isSorted ? !sort.descending : !isText } });
  return (
    <button
      type="button"
      class="nbm-sort"
      data-sorted={isSorted}
      aria-label={`${title}: ${hint}${isSorted ? (sort.descending ? ", descending" : ", ascending") : ""}`}
      title={hint}
      onClick={click}
      {...ownKeys}
    >
      {title}
      {isSorted && <Icon name={sort.descending ? "down" : "up"} />}
    </button>
  );
}

interface RowProps {
  id: string;
  motif: number;
  at: number;
  dataset: Dataset;
  counts: Counts;
  columns: ColumnSpec[];
  slot: number;
  isActive: boolean;
  shares: { hits: number; seqlets: number };
  onToggle: () => void;
}

function Row({ id, motif, at, dataset, counts, columns, slot, isActive, shares, onToggle }: RowProps) {
  const name = dataset.manifest.motif_names[motif]!;
  const family = dataset.familyName(motif);
  return (
    <div
      id={id}
      class="nbm-grid-row"
      role="row"
      data-motif={name}
      data-active={isActive}
      aria-rowindex={at + 2}
      aria-selected={slot >= 0}
      style={{
        transform: `translateY(${at * ROW}px)`,
        ...(slot >= 0 ? { "--mark": `var(--nbm-motif-${slot + 1})` } : {}),
      }}
      onClick={onToggle}
    >
      <div role="gridcell" class="nbm-cell" data-column="logo">
        <MotifLogo motif={motif} />
      </div>
      <div
        role="gridcell"
        class="nbm-cell"
        data-column="names"
        title={`${name}${family ? ` (${family})` : ""}`}
      >
        <div class="nbm-motif-name">
          {slot >= 0 && <Swatch slot={slot} />}
          <span data-column="name">{name}</span>
        </div>
        <div class="nbm-family" data-column="family">
          {family}
        </div>
      </div>
      {columns.map(({ column }) => (
        <div
          key={column}
          role="gridcell"
          class="nbm-cell nbm-cell-number"
          data-column={column}
          data-zero={column !== "marginal" && counts[column as CountColumn][motif] === 0}
        >
          {column === "hits" || column === "seqlets" ? (
            <span class="nbm-bar-fill" style={{ width: `${100 * shares[column]}%` }} />
          ) : null}
          <span class="nbm-value">
            {column === "marginal"
              ? effect(dataset.marginal[motif])
              : whole(counts[column as CountColumn][motif])}
          </span>
        </div>
      ))}
    </div>
  );
}

function NoRows() {
  const { store } = useScreen();
  const search = store.traits._search.value;
  return (
    <p class="nbm-message">
      {search === ""
        ? "There is no motif to show: give the Explorer a motif database."
        : `No motif or family contains “${search}”.`}
      {search !== "" && (
        <button type="button" class="nbm-button" onClick={() => store.set({ _search: "" })} {...ownKeys}>
          Show all
        </button>
      )}
    </p>
  );
}

function Summary({ dataset, counts, nRows }: { dataset: Dataset; counts: Counts; nRows: number }) {
  const { store } = useScreen();
  const { n_motifs: nMotifs, has } = dataset.manifest;
  const shown =
    nRows === nMotifs ? plural(nMotifs, "motif") : `${whole(nRows)} of ${plural(nMotifs, "motif")}`;
  return (
    <div class="nbm-summary" aria-live={store.dragging.value ? "off" : "polite"}>
      {shown}
      {has.hits && `, ${whole(counts.nMotifsWithHits)} with hits`}
      {has.seqlets && ` · ${plural(counts.nSeqlets - counts.nAssigned, "seqlet")} unassigned`}
    </div>
  );
}
