"""What other tools made: files, DataFrames, and forms of the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif.errors import InvalidFile
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
