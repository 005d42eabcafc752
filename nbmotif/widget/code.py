"""The plain calls behind the table, to paste into a cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbmotif.widget.queries import read_query
from nbmotif.widget.rows import TEXT_COLUMNS, parse_bound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbmotif.widget.content import Content
    from nbmotif.widget.rows import Order
    from nbmotif.widget.table import Query


@dataclass(frozen=True)
class Source:
    """What an Explorer was made from, as the user writes it.

    Parameters
    ----------
    given
        For each argument the expression that was passed, such as ``study.X``; in most cases a variable of its name.
    is_summed_again
        Whether hits that came with their attribution have that of newer attributions.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    is_summed_again: bool = False

    def updated(self, pieces: Mapping[str, Any], of: str = "") -> Source:
        """Note what was passed: pieces by argument, which are attributes of the variable ``of``, if there is one."""
        named = [name for name, piece in pieces.items() if piece is not None and name != "name"]  # no number needs it
        given = {name: f"{of}.{name}" if of else name for name in named}
        kept = {name: written for name, written in self.given.items() if name not in pieces}
        if "seqlets" in pieces:
            kept.pop("annotations", None)  # they were those of the seqlets before
        has_new_scores = not {"attributions", "hypothetical"}.isdisjoint(pieces)
        return Source(kept | given, "hits" in kept and (self.is_summed_again or has_new_scores))


class Code(str):
    """Python code, which a notebook shows line by line."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def code(content: Content, source: Source, traits: Mapping[str, Any], order: Order, by_family: bool) -> str:
    """Write Python that makes ``table``, equal to the Explorer's ``counts``.

    Parameters
    ----------
    content
        What is shown.
    source
        What it was read from; the code reads the same.
    traits
        The values of :data:`nbmotif.widget.queries.QUERY_TRAITS`.
    order, by_family
        What the table shows, and how.
    """
    query = read_query(content, traits)
    parts = [_imports(content, source, traits, order), _pieces(source), *_thresholds(query, traits), _families(query)]
    if content.hits is not None:
        parts.append(_hits(content, query, by_family))
    if content.seqlets is not None:
        parts.append(_seqlets(query))
    parts.append(_table(content, query, by_family))
    parts.append(_shown(content, order, query, by_family))
    return "\n".join(parts) + "\n"


def _imports(content: Content, source: Source, traits: Mapping[str, Any], order: Order) -> str:
    modules = {
        "hit_index": ["HitIndex"] if content.hits is not None else [],
        "hit_null": ["shifted_attributions"] if content.null else [],
        "thresholds": ["Thresholds"],
        "widget.inputs": ["read_content", *(["with_signal"] if source.is_summed_again else [])],
        "widget.queries": ["filtered_sequences"] if _is_filtered(traits) else [],
        "widget.rows": ["matcher"] if order.search else [],
    }
    lines = [f"from nbmotif.{module} import {', '.join(names)}" for module, names in modules.items() if names]
    return "\n".join(["import numpy as np", "import pandas as pd", *lines])


def _pieces(source: Source) -> str:
    arguments = ", ".join(f"{name}={written}" for name, written in source.given.items())
    read = f"read_content({arguments})"
    told = "\n# what was passed to the Explorer, from variables with the names of its arguments"
    return f"{told}\npieces = {f'with_signal({read})' if source.is_summed_again else read}"


def _is_filtered(traits: Mapping[str, Any]) -> bool:
    return traits["sequence"] is None and traits["sequence_filter"] is not None


def _thresholds(query: Query, traits: Mapping[str, Any]) -> list[str]:
    cuts, sequence = query.thresholds, traits["sequence"]
    names = ("attribution", "seqlet_p", "tomtom_p", "fimo_p", "sign", "window")
    given = [f"{name}={getattr(cuts, name)!r}" for name in names if getattr(cuts, name) is not None]
    if cuts.sequences is None:
        return [f"thresholds = Thresholds({', '.join(given)})"]
    is_kept = (
        f"filtered_sequences(pieces, {traits['sequence_filter']!r})"
        if _is_filtered(traits)
        else f"np.arange(pieces.n_sequences) == {sequence}"
    )
    return [f"is_kept = {is_kept}", f"thresholds = Thresholds({', '.join(given)}, sequences=is_kept)"]


def _families(query: Query) -> str:
    return "\n".join(
        [
            f"labels, nodes = pieces.tree.cut(similarity={query.similarity!r})",
            "family_names = [pieces.tree.names[node] for node in nodes]",
            "medoids = pieces.tree.medoids[nodes]",
        ]
    )


def _hits(content: Content, query: Query, by_family: bool) -> str:
    level = "families" if by_family else "motifs"
    lines = [
        "\nindex = HitIndex(pieces.hits, pieces.length, pieces.ranks)",
        f"counted = index.count(thresholds, labels, {query.mode!r}).{level}",
    ]
    if content.null:
        lines += [
            "observed = np.stack([pieces.observed(sequence) for sequence in range(pieces.n_sequences)])",
            "shifted = [index.with_attribution(a) for a in shifted_attributions(index.hits, observed)]",
            f"chance = [moved.count(thresholds, labels, {query.mode!r}).{level}.count for moved in shifted]",
        ]
    return "\n".join(lines)


def _seqlets(query: Query) -> str:
    cuts = query.thresholds
    sign = {"+": "> 0", "-": "< 0", "both": "!= 0"}[cuts.sign]
    tests = [
        "called.p_value < thresholds.seqlet_p",
        "called.tomtom_p < thresholds.tomtom_p",
        f"called.attribution {sign}",
        "called.motif_idx >= 0",
    ]
    if cuts.window is not None:
        tests += [f"called.start >= {cuts.window[0]}", f"called.end <= {cuts.window[1]}"]
    if cuts.sequences is not None:
        tests.append("is_kept[called.sequence_idx]")
    return (
        "\ncalled = pieces.seqlets\n"
        f"is_assigned = {' & '.join(f'({test})' for test in tests)}\n"
        "n_seqlets = np.bincount(called.motif_idx[is_assigned], minlength=len(labels))"
    )


def _table(content: Content, query: Query, by_family: bool) -> str:
    zeros = f"np.zeros(len({'family_names' if by_family else 'labels'}), int)"
    has_hits, has_seqlets = content.hits is not None, content.seqlets is not None
    columns = (
        {
            "family": "family_names",
            "motifs": "np.bincount(labels)",
            "motif_name": "[pieces.motif_names[m] for m in medoids]",
        }
        if by_family
        else {"motif_name": "pieces.motif_names", "family": "[family_names[f] for f in labels]"}
    )
    columns[query.mode] = "counted.count" if has_hits else zeros
    columns["sequences"] = "counted.sequences" if has_hits else zeros
    of_seqlets = "np.bincount(labels, n_seqlets).astype(int)" if by_family else "n_seqlets"
    columns["seqlets"] = of_seqlets if has_seqlets else zeros
    if content.null:
        columns["expected"] = "sum(chance) / len(chance)"
    lines = [""]
    if content.marginal is not None:
        lines.append("effect = pd.Series(pieces.marginal)")
        strongest = "effect.groupby(labels).apply(lambda e: e[e.abs().idxmax()] if e.notna().any() else np.nan)"
        columns["marginal"] = f"{strongest}.to_numpy()" if by_family else "effect"
    lines += ["table = pd.DataFrame(", "    {", *(f"        {name!r}: {made}," for name, made in columns.items())]
    return "\n".join([*lines, "    }", ")"])


def _shown(content: Content, order: Order, query: Query, by_family: bool) -> str:
    """Search, filter and sort."""
    lines = []
    columns = {"count": query.mode, "members": "motifs", "name": "family" if by_family else "motif_name"}
    values = {"enrichment": _enrichment(query.mode), "members": _members(by_family)}
    if order.search:
        find = "np.array([is_wanted(name.lower()) for name in {}], bool)"
        of_motifs = find.format("pieces.motif_names")
        lines += [
            f"is_wanted = matcher({order.search!r})",
            f"is_found = {f'np.bincount(labels, {of_motifs}) > 0' if by_family else of_motifs}",
            f"""table = table[is_found | {find.format('table["family"]')}]""",
        ]
    for column, text in order.filters.items():
        bound = parse_bound(text)
        if bound is None:
            continue
        if _is_known(content, column):
            value = values.get(column, f'table["{columns.get(column, column)}"]')
            lines.append(f"table = table[{value} {'==' if bound[0] == '=' else bound[0]} {bound[1]!r}]")
        else:
            lines.append(f"table = table.iloc[:0]  # {column} is not known")
    for column, descending in reversed(order.sort):
        if not _is_known(content, column):
            continue
        key = values.get(column, f'table["{columns.get(column, column)}"]')
        key += '.str.lower().str.encode("utf-16-be")' if column in TEXT_COLUMNS else ""
        lines.append(
            f'order = ({key}).reset_index(drop=True).sort_values(ascending={not descending}, kind="stable").index'
        )
        lines.append("table = table.iloc[order]")
    return "\n".join([*lines, "table = table.reset_index(drop=True)"])


def _is_known(content: Content, column: str) -> bool:
    if column == "enrichment":
        return bool(content.null)
    return column != "marginal" or content.marginal is not None


def _enrichment(mode: str) -> str:
    one = '(table["explained"] / table["sequences"].clip(lower=1))' if mode == "explained" else "1"
    return f'(table["{mode}"] + {one}) / (table["expected"] + {one})'


def _members(by_family: bool) -> str:
    return 'table["motifs"]' if by_family else "pd.Series(1, index=table.index)"
