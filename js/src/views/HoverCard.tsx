// What is under the pointer: position, base, attribution, and who claims it.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Claim, claimsAt, positionText } from "../describe.ts";
import { shownBase } from "../draw/logo.ts";
import { GUTTER, RIGHT_PAD } from "../draw/track.ts";
import { pValue, signed } from "../format.ts";
import { rowStates } from "../layers.ts";
import { BaseScale } from "../layout.ts";
import { useScreen } from "./context.ts";
import { overviewHeight } from "./Overview.tsx";
import { Swatch } from "./Swatch.tsx";

const LETTERS = "ACGTN";

/** Narrowest, widest, and the air between it and the base it describes, or the edge. */
const LEAST_WIDTH = 280;
const MOST_WIDTH = 390;
const CARD_GAP = 10;
const EDGE = 4;

interface HoverCardProps {
  width: number;
  /** The track of a sequence. */
  trackOf: (sequence: number) => HTMLElement | null | undefined;
}

/** A line through all tracks, and a card below the hovered one, above it where there is no room below. */
export function HoverCard({ width, trackOf }: HoverCardProps) {
  const { store } = useScreen();
  const card = useRef<HTMLDivElement>(null);
  const hover = store.hover.value;
  useLayoutEffect(() => {
    const element = card.current;
    const area = element?.offsetParent;
    const track = hover && trackOf(hover.sequence);
    if (!element || !area || !track) return;
    const bottom = track.offsetTop + track.offsetHeight;
    const hasRoomBelow = bottom + element.offsetHeight <= area.clientHeight;
    element.style.top = `${hasRoomBelow ? bottom : Math.max(0, track.offsetTop - element.offsetHeight)}px`;
  });
  // who jumps from the table or a card may have the tracks out of sight
  useEffect(() => {
    if (hover?.byKey) trackOf(hover.sequence)?.scrollIntoView({ block: "nearest" });
  }, [hover]);
  if (!hover || width === 0) return null;
  const dataset = store.dataset.value!;
  const flipped = store.traits.reverse_complement.value;
  const scale = new BaseScale(store.viewport.value, GUTTER, width - RIGHT_PAD, flipped);
  const { sequence, base } = hover;
  if (base + 1 <= scale.viewport.start || base >= scale.viewport.end) return null;
  const [from, to] = scale.edges(base, base + 1);
  const x = Math.max(scale.left, from);
  const columnWidth = Math.max(1, Math.min(scale.right, to) - x);
  const rows = rowStates(store, sequence).flatMap(({ row, state }) =>
    state.phase === "ready" ? [{ name: row.name, data: state.data }] : [],
  );
  const letter = rows[0] && LETTERS[shownBase(rows[0].data.codes[base], scale)];
  const selected = new Set(store.selected.value);
  const { claims, more } = claimsAt(
    dataset,
    store.counts.value!,
    store.thresholds.value,
    sequence,
    base,
    selected,
    store.traits.count_mode.value,
  );
  const cardWidth = Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, width / 2 - CARD_GAP - EDGE));
  const left = x < width / 2 ? x + columnWidth + CARD_GAP : x - CARD_GAP - cardWidth;
  return (
    <>
      <div
        class="nbm-crosshair"
        style={{
          top: `${overviewHeight(store.shownSequences.value.length)}px`,
          left: `${x}px`,
          width: `${columnWidth}px`,
        }}
      />
      <div
        class="nbm-card"
        ref={card}
        aria-live={hover.byKey ? "polite" : "off"}
        style={{
          width: `${cardWidth}px`,
          left: `${Math.max(EDGE, Math.min(left, width - EDGE - cardWidth))}px`,
        }}
      >
        <div class="nbm-card-head">
          {letter && <b class={`nbm-base-${letter}`}>{letter}</b>}
          <span>{positionText(dataset, sequence, base)}</span>
          {dataset.manifest.loci && <span class="nbm-muted">{base}</span>}
          {rows.length === 1 && <span class="nbm-card-value">{signed(rows[0].data.observed[base])}</span>}
        </div>
        {rows.length > 1 &&
          rows.map(({ name, data }) => (
            <div key={name} class="nbm-card-row">
              <span class="nbm-muted">{name}</span>
              <span class="nbm-card-value">{signed(data.observed[base])}</span>
            </div>
          ))}
        {claims.map((claim) => (
          <ClaimRow key={`${claim.kind}${claim.motif}${claim.p}${claim.strand}`} claim={claim} />
        ))}
        {more > 0 && <div class="nbm-muted">+{more} more</div>}
        {claims.length === 0 && <div class="nbm-muted">No seqlet or hit covers this base.</div>}
      </div>
    </>
  );
}

function ClaimRow({ claim }: { claim: Claim }) {
  const { store } = useScreen();
  const { kind, name, attribution, p, reason, motif } = claim;
  // as its box points
  const strand = store.traits.reverse_complement.value ? -claim.strand : claim.strand;
  const slot = store.slots.value.get(motif) ?? -1;
  return (
    <div class="nbm-claim" data-passes={reason === ""}>
      <span class="nbm-claim-kind">{kind}</span>
      <span class="nbm-claim-name">
        {slot >= 0 && <Swatch slot={slot} />}
        <span>{name}</span>
        {strand === 0 ? "" : strand > 0 ? "→" : "←"}
      </span>
      <span class="nbm-claim-value">{signed(attribution)}</span>
      <span class="nbm-claim-value">p {pValue(p)}</span>
      {reason !== "" && <span class="nbm-claim-reason">{reason}</span>}
    </div>
  );
}
