"""What other tools made: files, DataFrames, and forms of the same thing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import MotifSet
from nbmotif.errors import InvalidArgument, InvalidFile
from nbmotif.widget.foreign import load_array
from nbmotif.widget.inputs import read_content

if TYPE_CHECKING:
    from pathlib import Path

Pieces = "Callable[..., dict[str, Any]]"


def test_load_array__reads_npz_of_bpnet_lite(tmp_path: Path, pieces: Pieces) -> None:
    made = pieces()
    np.savez_compressed(tmp_path / "ohe.npz", made["X"])
    np.savez_compressed(tmp_path / "attr.npz", made["hypothetical"])
    content = read_content(X=tmp_path / "ohe.npz", hypothetical=str(tmp_path / "attr.npz"))
    np.testing.assert_array_equal(content.hypothetical, made["hypothetical"])
    np.testing.assert_array_equal(content.observed(2), made["attributions"][2].sum(axis=0))


def test_load_array__reads_h5_of_chrombpnet(tmp_path: Path, pieces: Pieces) -> None:
    made, path = pieces(), tmp_path / "counts_scores.h5"
    with h5py.File(path, "w") as file:
        file["raw/seq"] = made["X"]
        file["shap/seq"] = made["hypothetical"]
        file["projected_shap/seq"] = made["attributions"]
    content = read_content(X=path, attributions=path, hypothetical=path)
    for name in ("X", "attributions", "hypothetical"):
        np.testing.assert_array_equal(getattr(content, name), made[name])


def test_load_array__reads_npz_of_finemo(tmp_path: Path, pieces: Pieces) -> None:
    made, path = pieces(), tmp_path / "regions.npz"
    np.savez(path, sequences=made["X"], contributions=made["hypothetical"].astype(np.float16), peak_id=np.arange(6))
    content = read_content(X=path, hypothetical=path)
    np.testing.assert_allclose(content.observed(1), made["attributions"][1].sum(axis=0), atol=1e-3)


def test_load_array__reads_npy(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(4))
    np.testing.assert_array_equal(load_array(tmp_path / "a.npy", "X"), np.arange(4))


def test_load_array__says_what_a_file_holds(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", one=np.zeros(1), two=np.zeros(1))
    with pytest.raises(InvalidFile, match="it holds one, two; none is known as `X`"):
        load_array(tmp_path / "a.npz", "X")
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(InvalidFile, match=r"cannot be read from a \.txt file"):
        load_array(tmp_path / "a.txt", "X")


@pytest.mark.parametrize(
    ("name", "content"), [("a.npy", b""), ("a.npy", b"text"), ("a.npz", b"PK\3\4"), ("a.h5", b"text"), ("a.h5", b"")]
)
def test_load_array__names_the_file_that_it_cannot_read(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidFile, match=rf"{name}: it cannot be read as {name[2:]}: "):
        load_array(tmp_path / name, "attributions")


def test_load_array__asks_of_files_what_it_asks_of_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((2, 10), complex))
    with pytest.raises(InvalidArgument, match="`attributions` must be a tensor or array of numbers"):
        load_array(tmp_path / "a.npy", "attributions")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_load_array__takes_tensors_of_any_precision(dtype: torch.dtype) -> None:
    values = load_array(torch.ones(2, 3, dtype=dtype, requires_grad=True), "attributions")
    np.testing.assert_array_equal(values, np.ones((2, 3)))


def test_read_content__takes_hits_as_a_list_of_frames(pieces: Pieces) -> None:
    made = pieces()
    frames = [made["hits"][made["hits"]["motif_idx"] == m] for m in range(5)]
    frames.insert(2, made["hits"].iloc[:0])
    one, many = read_content(**made), read_content(**{**made, "hits": frames})
    pd.testing.assert_frame_equal(one.hits.to_frame(), many.hits.to_frame())


@pytest.mark.parametrize("dtype", ["object", "category"])
def test_read_content__takes_hits_whose_columns_have_no_dtype_of_numbers(pieces: Pieces, dtype: str) -> None:
    made = pieces()
    plain, held = read_content(**made), read_content(**{**made, "hits": made["hits"].astype(dtype)})
    pd.testing.assert_frame_equal(held.hits.to_frame(), plain.hits.to_frame(), check_dtype=False)


def test_read_content__takes_hits_that_name_sequences(pieces: Pieces) -> None:
    made = pieces()
    named = made["hits"].assign(sequence_name="peak " + made["hits"]["sequence_name"].astype(str))
    one, other = read_content(**made), read_content(**{**made, "hits": named})
    pd.testing.assert_frame_equal(one.hits.to_frame(), other.hits.to_frame())


def test_read_content__takes_hits_in_another_order_of_motifs(pieces: Pieces) -> None:
    made = pieces()
    shuffled = made["hits"].sample(frac=1, random_state=0)
    content = read_content(**{**made, "hits": shuffled})
    assert content.hits.motif_names == list(made["motifs"])
    assert content.hits.n_hits_per_motif.tolist() == np.bincount(made["hits"]["motif_idx"]).tolist()


def test_read_content__takes_no_hits_at_all(pieces: Pieces) -> None:
    made = pieces()
    assert read_content(**{**made, "hits": []}).hits.n_hits == 0
    assert read_content(**{**made, "hits": made["hits"].iloc[:0]}).hits.n_hits == 0


def test_read_content__takes_matches_inside_the_seqlets(pieces: Pieces) -> None:
    made = pieces()
    motif_idx, p = (part[:, 0] for part in made["annotations"])
    strand = np.where(np.arange(40) % 2, "+", "-")
    inside = made["seqlets"].assign(motif_idx=motif_idx, tomtom_p=p, tomtom_strand=strand)
    one = read_content(**made).seqlets
    other = read_content(**{**made, "seqlets": inside, "annotations": None}).seqlets
    np.testing.assert_array_equal(one.motif_idx, other.motif_idx)
    np.testing.assert_array_equal(one.tomtom_p, other.tomtom_p)
    assert other.strand[:2].tolist() == [-1, 1]
    assert one.strand.tolist() == [0] * 40


def test_read_content__takes_annotations_of_torch(pieces: Pieces) -> None:
    made = pieces()
    as_torch = tuple(torch.from_numpy(part) for part in made["annotations"])
    np.testing.assert_array_equal(
        read_content(**{**made, "annotations": as_torch}).seqlets.motif_idx, made["annotations"][0][:, 0]
    )


@pytest.mark.parametrize("form", ["frame", "indexed", "series", "mapping"])
def test_read_content__takes_effects_in_any_form(pieces: Pieces, form: str) -> None:
    made = pieces()
    frame = made["marginal"]
    series = frame.set_index("motif_name")["effect"]
    forms = {"frame": frame, "indexed": frame.set_index("motif_name"), "series": series, "mapping": series.to_dict()}
    effects = read_content(**{**made, "marginal": forms[form]}).marginal
    np.testing.assert_array_equal(effects, np.array([0.5, -0.25, 0.5, np.nan, np.nan], np.float32))


def test_read_content__shows_the_strongest_effect_of_several_places(pieces):
    names = ["GATA1", "Gata4"] * 2
    rows = pd.DataFrame({"motif_name": names, "effect": [0.5, -0.25, 0.1, 0.2], "strand": [*"++--"]})
    effects = read_content(**{**pieces(), "marginal": rows}).marginal
    np.testing.assert_array_equal(effects[:2], np.array([0.5, -0.25], np.float32))


def test_read_content__shows_effects_alone(pieces: Pieces) -> None:
    content = read_content(marginal=pieces()["marginal"])
    assert content.motif_names == ["GATA1", "Gata4", "TAL1"]
    assert content.n_sequences == 0


@pytest.mark.parametrize("form", ["mapping", "list", "families", "none"])
def test_read_content__takes_families_in_any_form(pieces: Pieces, form: str) -> None:
    class Families:
        names = ("GATA", "TAL", "decoy")
        labels = np.array([0, 0, 1, 2, 2], np.int32)

    made = pieces()
    of_motif = ["GATA", "GATA", "TAL", "decoy", "decoy"]
    forms = {"mapping": made["families"], "list": of_motif, "families": Families(), "none": False}
    content = read_content(**{**made, "families": forms[form]})
    expected = content.motif_names if form == "none" else of_motif
    assert [content.tree.names[i] for i in content.tree.distinct] == expected


def test_read_content__puts_peaks_in_the_middle_of_the_sequences(pieces: Pieces, tmp_path: Path) -> None:
    peaks = pd.DataFrame({"chrom": "chr1", "start": np.arange(6) * 100 + 500, "end": np.arange(6) * 100 + 541})
    made = {**pieces(), "loci": peaks}
    assert read_content(**made).loci.start == [460, 560, 660, 760, 860, 960]
    peaks.to_csv(tmp_path / "peaks.bed", sep="\t", header=False, index=False)
    assert read_content(**{**made, "loci": tmp_path / "peaks.bed"}).loci.start[0] == 460


def test_read_content__finds_the_sizes_where_no_array_says_them(pieces: Pieces) -> None:
    made = pieces()
    content = read_content(seqlets=made["seqlets"], hits=made["hits"])
    assert content.n_sequences == 6
    assert content.length == max(made["seqlets"]["end"].max(), made["hits"]["end"].max())
    assert content.codes(0).tolist() == [4] * content.length


def test_read_content__takes_positions_and_row_numbers_of_any_dtype(pieces: Pieces) -> None:
    made = pieces()
    expected = read_content(**made).hits.to_frame()
    floats = made["hits"].astype({"start": float, "end": "Int64", "sequence_name": float, "p-value": "Float64"})
    labels = made["hits"].astype({"sequence_name": "category", "motif_name": "category", "strand": "category"})
    for hits in (floats, labels):
        pd.testing.assert_frame_equal(read_content(**{**made, "hits": hits}).hits.to_frame(), expected)


def test_read_content__keeps_its_own_copy_of_tables(pieces: Pieces) -> None:
    made = pieces()
    hits = made["hits"].astype({"start": np.int32, "sequence_name": np.int32})
    seqlets = made["seqlets"].astype({"start": np.int32, "attribution": np.float32})
    content = read_content(**{**made, "hits": hits, "seqlets": seqlets})
    before = content.hits.to_frame(), content.seqlets.start.copy(), content.seqlets.attribution.copy()
    for frame in (hits, seqlets):
        frame.loc[:, "attribution"] = np.float32(7)
        frame.loc[:, "start"] = np.int32(3)
    hits.loc[:, "score"] = 0.0
    pd.testing.assert_frame_equal(content.hits.to_frame(), before[0])
    np.testing.assert_array_equal(content.seqlets.start, before[1])
    np.testing.assert_array_equal(content.seqlets.attribution, before[2])


def test_read_content__refuses_hits_of_one_motif_with_several_widths(pieces: Pieces) -> None:
    hits = pieces()["hits"]
    hits.loc[hits.index[hits["motif_name"] == "TAL1"][1], "end"] += 1
    with pytest.raises(InvalidArgument, match=r"`hits` must be all as wide as their motif; got hits of 'TAL1' of"):
        read_content(hits=hits)


def test_read_content__takes_no_hits_without_attributions(pieces: Pieces) -> None:
    for hits in ([], pieces()["hits"].iloc[:0], [pieces()["hits"].iloc[:0].drop(columns="attribution")] * 2):
        content = read_content(hits=hits, motifs=pieces()["motifs"])
        assert content.hits.n_hits == 0
        assert len(content.hits.attribution) == 0


def test_read_content__reads_a_missing_match_as_none(pieces: Pieces) -> None:
    seqlets = pieces()["seqlets"].assign(motif_idx=[1.0, np.nan] * 20, tomtom_p=[1e-5, np.nan] * 20)
    found = read_content(seqlets=seqlets, motifs=pieces()["motifs"]).seqlets
    assert found.motif_idx.tolist() == [1, -1] * 20
    assert found.tomtom_p.tolist() == [1e-5, 1.0] * 20


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"motif_idx": 0.5, "tomtom_p": 0.1}, r"`seqlets\['motif_idx'\]` must be whole numbers; got 0.5 in row 0"),
        ({"motif_idx": 1}, "There is no 'tomtom_p'"),
        ({"motif_idx": 1, "tomtom_p": 2.0}, r"`seqlets\['tomtom_p'\]` must be between 0 and 1"),
        ({"example_idx": "GATA"}, r"`seqlets\['example_idx'\]` must be whole numbers; got 'GATA' in row 0"),
    ],
)
def test_read_content__names_the_column_of_seqlets_that_is_wrong(
    pieces: Pieces, columns: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        read_content(seqlets=pieces()["seqlets"].assign(**columns), motifs=pieces()["motifs"])


def test_read_content__leaves_effects_out_that_are_missing(pieces: Pieces) -> None:
    rows = pd.DataFrame({"motif_name": ["TAL1", "TAL1", "GATA1"], "effect": [np.nan, 0.5, np.nan]})
    effects = read_content(**{**pieces(), "marginal": rows}).marginal
    np.testing.assert_array_equal(effects, np.array([np.nan, np.nan, 0.5, np.nan, np.nan], np.float32))


@pytest.mark.parametrize("effects", [[0.5], 0.5, {"TAL1": "high"}, {"TAL1": np.inf}, (np.zeros(5), np.zeros(5))])
def test_read_content__refuses_effects_that_are_no_numbers_by_name(pieces: Pieces, effects: object) -> None:
    with pytest.raises(InvalidArgument, match="`marginal` must be"):
        read_content(**{**pieces(), "marginal": effects})


def test_read_content__makes_a_motif_without_a_family_one_of_its_own(pieces: Pieces) -> None:
    of_motif = pd.Series(["GATA", "GATA", None, np.nan, "decoy"])
    for families in (of_motif, of_motif.tolist(), of_motif.set_axis(list(pieces()["motifs"]))):
        content = read_content(**{**pieces(), "families": families})
        assert [content.tree.names[i] for i in content.tree.distinct] == ["GATA", "GATA", "TAL1", "decoy_a", "decoy"]


@pytest.mark.parametrize("families", ["GATA1", True, 3])
def test_read_content__refuses_families_that_are_neither_names_nor_a_mapping(pieces: Pieces, families: object) -> None:
    with pytest.raises(InvalidArgument, match="`families` must be Families, a family name per motif"):
        read_content(**{**pieces(), "families": families})


def test_read_content__knows_the_size_of_sequences_from_loci_where_no_array_says_it(pieces: Pieces) -> None:
    made = pieces()
    few = made["hits"][made["hits"]["sequence_name"] < 5]
    content = read_content(hits=few, loci=made["loci"])
    assert (content.n_sequences, content.length) == (6, 120)
    assert content.loci.start == made["loci"]["start"].tolist()
    peaks = made["loci"].assign(end=made["loci"]["start"] + [100, 200, 300] * 2)
    with pytest.raises(InvalidArgument, match=r"`loci` must be as long as the sequences .* Pass X= or attributions="):
        read_content(hits=few, loci=peaks)


def test_read_content__takes_loci_as_long_as_the_sites_reach_and_none_that_are_shorter(pieces: Pieces) -> None:
    hits, loci = pieces()["hits"], pieces()["loci"]
    reach = int(hits["end"].max())
    assert read_content(hits=hits, loci=loci.assign(end=loci["start"] + reach)).length == reach
    with pytest.raises(InvalidArgument, match=f"got loci of {reach - 1} to {reach - 1} bp, and sites up to {reach}"):
        read_content(hits=hits, loci=loci.assign(end=loci["start"] + reach - 1))


@pytest.mark.parametrize(("width", "first"), [(120, 1000), (121, 1000), (10, 945), (11, 945), (200, 1040), (201, 1040)])
def test_read_content__sequences_lie_around_the_middle_of_their_loci(pieces: Pieces, width: int, first: int) -> None:
    loci = pieces()["loci"].assign(start=1000, end=1000 + width)
    content = read_content(**{**pieces(), "loci": loci})
    assert (content.loci.start[0], content.loci.end[0]) == (first, first + 120)


def test_read_content__takes_loci_by_the_names_of_their_columns(pieces: Pieces) -> None:
    loci = pieces()["loci"].assign(name="peak")[["name", "end", "start", "chrom"]]
    content = read_content(**{**pieces(), "loci": loci})
    assert (content.loci.chrom[1], content.loci.start[1], content.loci.end[1]) == ("chr2", 1000, 1120)


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("sequence_names", ["a"] * 6, "`sequence_names` must be names that differ; got 'a' twice"),
        ("sequence_names", 5, "`sequence_names` must be a list of strings"),
        (
            "loci",
            pd.DataFrame({"chrom": "1", "start": [0.5] * 6, "end": 9}),
            r"`loci\['start'\]` must be whole numbers",
        ),
        ("loci", ["peaks.bed"] * 6, "`loci` must be"),
        ("loci", pd.DataFrame({"chrom": None, "start": [1] * 6, "end": 9}), r"`loci\['chrom'\]` must be the name of"),
        ("attributions", {"a": np.zeros((6, 120)), "b": None}, "`attributions` must be an array for each name"),
        ("attributions", {1: np.zeros((6, 120)), "1": np.zeros((6, 120))}, "`attributions` must be a mapping of names"),
        (
            "attributions",
            np.eye(4)[[0, 1, 2, 3] * 30].T,
            r"`attributions` must be of shape .* of one sequence.*\[None\]",
        ),
        ("attributions", np.full((6, 120), 1e300), "`attributions` must be finite as float32"),
        ("attributions", np.ones((6, 120), complex), "`attributions` must be a tensor or array of numbers"),
        ("attributions", np.ma.masked_less(np.ones((6, 120)), 2), "`attributions` must be complete; got .* masked"),
        ("X", ["ACGT" * 30] * 6, "`X` must be a tensor or array of numbers.* one_hot_encode"),
    ],
)
def test_read_content__refuses_what_it_cannot_show_as_it_is(
    pieces: Pieces, argument: str, value: object, message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message):
        read_content(**{**pieces("hypothetical"), argument: value})


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"example_idx": 6}, "`seqlets` must be on sequences 0 to 5; got sequence 6. Were the seqlets made from other"),
        ({"example_idx": -1}, "`seqlets` must be on sequences 0 to 5; got sequence -1"),
        ({"start": 100, "end": 121}, r"`seqlets` must be inside the sequences, .* L = 120; got \[100, 121\)"),
        ({"start": -1, "end": 9}, r"`seqlets` must be inside the sequences, .* L = 120; got \[-1, 9\)"),
        ({"start": 9, "end": 9}, r"`seqlets` must be inside the sequences, .* L = 120; got \[9, 9\)"),
    ],
)
def test_read_content__refuses_sites_outside_of_the_sequences(
    pieces: Pieces, places: dict[str, int], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=f"^{message}"):
        read_content(**{**pieces(), "seqlets": pieces()["seqlets"].assign(**places)})


@pytest.mark.parametrize("shift", [{"sequence": 1}, {"start": 30}])
def test_read_content__refuses_hits_outside_of_the_sequences(pieces: Pieces, shift: dict[str, int]) -> None:
    made = pieces("sequence_names", "annotations", "seqlets", "loci")
    hits = read_content(**made).hits
    hits = copy.copy(hits)
    hits.sequence_idx = hits.sequence_idx + np.int32(shift.get("sequence", 0))
    hits.start = hits.start + np.int32(shift.get("start", 0))
    with pytest.raises(InvalidArgument, match=r"^`hits` must be (on sequences 0 to 5; got sequence 6|inside the)"):
        read_content(**{**made, "hits": hits})


def test_read_content__refuses_families_of_another_number_of_motifs(pieces: Pieces) -> None:
    families = MotifSet(dict(list(pieces()["motifs"].items())[:3])).families()
    with pytest.raises(InvalidArgument, match=r"^`families` must be one family for each of 5 motifs; got 3 labels"):
        read_content(**{**pieces(), "families": families})


def test_read_content__gives_sequences_and_hits_the_same_names(pieces: Pieces) -> None:
    made = pieces("sequence_names")
    names = pieces()["sequence_names"]
    hits = read_content(**made).hits
    assert hits.sequence_names is None
    named = read_content(**{**made, "hits": hits, "sequence_names": names})
    assert named.hits.sequence_names == names
    assert read_content(**{**made, "hits": named.hits}).sequence_names == names
    with pytest.raises(InvalidArgument, match="`hits` must be of the sequences in `sequence_names`, 'peak 5'; got"):
        read_content(**{**made, "hits": named.hits, "sequence_names": names[::-1]})


def test_read_content__refuses_numbers_that_may_be_names_or_rows(pieces: Pieces) -> None:
    made = pieces()
    names = ["3", "4", "5", "0", "1", "2"]
    with pytest.raises(InvalidArgument, match=r"must be row numbers of X.*got 0, which is a name too.*astype"):
        read_content(**{**made, "sequence_names": names})
    as_text = made["hits"].astype({"sequence_name": str})
    found = read_content(**{**made, "sequence_names": names, "hits": as_text}).hits
    assert [names[i] for i in found.sequence_idx] == found.to_frame()["sequence_name"].tolist()
    assert read_content(**{**made, "sequence_names": range(6)}).n_sequences == 6
