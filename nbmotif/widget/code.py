"""The plain calls behind the table, to paste into a cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from nbmotif.widget.rows import TEXT_COLUMNS, parse_bound

if TYPE_CHECKING:
    from nbmotif.widget.content import Content
    from nbmotif.widget.rows import Order
    from nbmotif.widget.table import Query


def code(content: Content, query: Query, order: Order, by_family: bool) -> str:
    """Write Python that makes ``table``, equal to the Explorer's ``counts``.

    It works on what was passed to the Explorer, under the names of its arguments: ``hits`` with their attribution,
    ``motifs``, ``seqlets`` with their matches as ``motif_idx`` and ``tomtom_p``, ``marginal`` effects by name, and
    ``attributions``, shape (N, L).
    """
    parts = [_imports(content), *_thresholds(content, query), *_families(content, query)]
    if content.hits is not None:
        parts.append(_hits(content, query, by_family))
    if content.seqlets is not None:
        parts.append(_seqlets(query))
    parts.append(_table(content, query, by_family))
    parts.append(_shown(content, order, query, by_family))
    return "\n".join(parts) + "\n"


def _imports(content: Content) -> str:
    lines = ["import numpy as np", "import pandas as pd", "from nbmotif.thresholds import Thresholds"]
    if content.hits is not None:
        lines.append("from nbmotif.hit_index import HitIndex")
        if content.null:
            lines.append("from nbmotif.hit_null import shifted_attributions")
    return "\n".join(lines)


def _thresholds(content: Content, query: Query) -> list[str]:
    cuts = query.thresholds
    names = ("attribution", "seqlet_p", "tomtom_p", "fimo_p", "sign", "window")
    given = [f"{name}={getattr(cuts, name)!r}" for name in names if getattr(cuts, name) is not None]
    if cuts.sequences is None:
        return [f"\nthresholds = Thresholds({', '.join(given)})"]
    kept = np.flatnonzero(cuts.sequences).tolist()
    return [
        f"\nsequences = np.isin(np.arange({content.n_sequences}), {kept})",
        f"thresholds = Thresholds({', '.join(given)}, sequences=sequences)",
    ]


def _families(content: Content, query: Query) -> list[str]:
    if len(content.tree.joined):
        return [
            f"families = motifs.families(similarity={query.similarity!r})",
            "labels, family_names, medoids = families.labels, families.names, families.medoids",
        ]
    labels, nodes = content.tree.cut(query.similarity)
    names = [content.tree.names[node] for node in nodes.tolist()]
    return [
        f"labels, family_names = np.array({labels.tolist()}), {names}",
        "medoids = np.unique(labels, return_index=True)[1]",
    ]


def _hits(content: Content, query: Query, by_family: bool) -> str:
    level = "families" if by_family else "motifs"
    ranks = "None" if content.ranks is None else "content_ranks(motifs.pwms)"
    lines = [f"\nindex = HitIndex(hits, length={content.length}, ranks={ranks})"]
    if content.ranks is not None:
        lines.insert(0, "\nfrom nbmotif.families import content_ranks")
    lines.append(f"counted = index.count(thresholds, labels, {query.mode!r}).{level}")
    if content.null:
        lines += [
            "shifted = [index.with_attribution(a) for a in shifted_attributions(index.hits, attributions)]",
            f"chance = [moved.count(thresholds, labels, {query.mode!r}).{level}.count for moved in shifted]",
        ]
    return "\n".join(lines)


def _seqlets(query: Query) -> str:
    cuts = query.thresholds
    sign = {"+": "> 0", "-": "< 0", "both": "!= 0"}[cuts.sign]
    tests = [
        'seqlets["p-value"] < thresholds.seqlet_p',
        'seqlets["tomtom_p"] < thresholds.tomtom_p',
        f'seqlets["attribution"].astype(np.float32) {sign}',
        'seqlets["motif_idx"] >= 0',
    ]
    if cuts.window is not None:
        tests += [f'seqlets["start"] >= {cuts.window[0]}', f'seqlets["end"] <= {cuts.window[1]}']
    if cuts.sequences is not None:
        tests.append('sequences[seqlets["example_idx"]]')
    return (
        f"\nassigned = seqlets[{' & '.join(f'({test})' for test in tests)}]\n"
        'n_seqlets = np.bincount(assigned["motif_idx"], minlength=len(labels))'
    )


def _table(content: Content, query: Query, by_family: bool) -> str:
    zeros = f"np.zeros(len({'family_names' if by_family else 'labels'}), int)"
    has_hits, has_seqlets = content.hits is not None, content.seqlets is not None
    columns = (
        {
            "family": "family_names",
            "motifs": "np.bincount(labels)",
            "motif_name": "[motif_names[m] for m in medoids]",
        }
        if by_family
        else {"motif_name": "motif_names", "family": "[family_names[f] for f in labels]"}
    )
    columns[query.mode] = "counted.count" if has_hits else zeros
    columns["sequences"] = "counted.sequences" if has_hits else zeros
    of_seqlets = "np.bincount(labels, n_seqlets).astype(int)" if by_family else "n_seqlets"
    columns["seqlets"] = of_seqlets if has_seqlets else zeros
    if content.null:
        columns["expected"] = "sum(chance) / len(chance)"
    lines = ["", f"motif_names = {'list(motifs)' if content.motifs is not None else repr(content.motif_names)}"]
    if content.marginal is not None:
        lines.append("effect = pd.Series([marginal.get(name, np.nan) for name in motif_names], dtype=np.float32)")
        strongest = "effect.groupby(labels).apply(lambda e: e[e.abs().idxmax()] if e.notna().any() else np.nan)"
        columns["marginal"] = f"{strongest}.to_numpy()" if by_family else "effect"
    lines += ["table = pd.DataFrame(", "    {", *(f"        {name!r}: {made}," for name, made in columns.items())]
    return "\n".join([*lines, "    }", ")"])


def _shown(content: Content, order: Order, query: Query, by_family: bool) -> str:
    """Search, filter and sort."""
    lines = []
    columns = {"count": query.mode, "members": "motifs", "name": "family" if by_family else "motif_name"}
    values = {"enrichment": f'table["{query.mode}"] / table["expected"]', "members": _members(by_family)}
    if order.search:
        expression = re.fullmatch(r"/(.+)/", order.search, re.DOTALL)
        how = f"{(expression[1] if expression else order.search).lower()!r}, regex={expression is not None}"
        lines.append(f"is_found = pd.Series(motif_names).str.lower().str.contains({how})")
        if by_family:
            lines.append("is_found = np.bincount(labels, is_found) > 0")
        lines.append(f'table = table[is_found | table["family"].str.lower().str.contains({how})]')
    for column, text in order.filters.items():
        bound = parse_bound(text)
        if bound is not None and _is_known(content, column):
            value = values.get(column, f'table["{columns.get(column, column)}"]')
            lines.append(f"table = table[{value} {'==' if bound[0] == '=' else bound[0]} {bound[1]!r}]")
    for column, descending in reversed(order.sort):
        if not _is_known(content, column):
            continue
        key = values.get(column, f'table["{columns.get(column, column)}"]')
        key += ".str.lower()" if column in TEXT_COLUMNS else ""
        lines.append(
            f'order = ({key}).reset_index(drop=True).sort_values(ascending={not descending}, kind="stable").index'
        )
        lines.append("table = table.iloc[order]")
    return "\n".join([*lines, "table = table.reset_index(drop=True)"])


def _is_known(content: Content, column: str) -> bool:
    unknown = {"enrichment"} if not content.null else set()
    return column not in (unknown if content.marginal is not None else unknown | {"marginal"})


def _members(by_family: bool) -> str:
    return 'table["motifs"]' if by_family else "pd.Series(1, index=table.index)"
