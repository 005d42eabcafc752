from __future__ import annotations

import copy
import pickle
import sys
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
import torch

from nbmotif import MotifSet, plot_logo, plot_pwm, random_one_hot, read_modisco
from nbmotif.errors import InvalidArgument, InvalidFile, NbmotifWarning
from nbmotif.modisco import PatternSet, run_modisco, write_modisco_inputs

if TYPE_CHECKING:
    from pathlib import Path

X = random_one_hot((3, 4, 50), random_state=0)
NOISE = torch.randn(3, 4, 50, generator=torch.Generator().manual_seed(0))
CORE = np.eye(4)[[2, 0, 3, 0]]  # GATA


def pattern_arrays(weight: float = 1.0) -> dict[str, np.ndarray]:
    """A pattern of 10 bp whose middle, positions 3 to 7, is GATA."""
    sequence = np.full((10, 4), 0.25)
    sequence[3:7] = CORE
    contributions = np.full((10, 4), 0.01)
    contributions[3:7] = weight * CORE
    return {"sequence": sequence, "contrib_scores": contributions, "hypothetical_contribs": contributions - 0.1}


@pytest.fixture
def h5(tmp_path: Path) -> Any:
    def write(keys: dict[str, list[tuple[int, int, bool]]], window: int | None = 40, **more: Any) -> Path:
        path = tmp_path / "modisco.h5"
        with h5py.File(path, "w") as file:
            if window is not None:
                file.attrs["window_size"] = window
            for key, seqlets in keys.items():
                group = file.create_group(key)
                for name, array in {**pattern_arrays(-1 if "neg" in key else 1), **more}.items():
                    group[name] = array
                columns = np.array(seqlets, dtype=int).reshape(-1, 3).T
                group["seqlets/example_idx"], group["seqlets/start"] = columns[0], columns[1]
                group["seqlets/end"], group["seqlets/is_revcomp"] = columns[1] + 10, columns[2].astype(bool)
        return path

    return write


SEQLETS = [(0, 5, False), (3, 12, True)]


def test_read_modisco__gives_trimmed_motifs(h5) -> None:
    patterns = read_modisco(h5({"pos_patterns/pattern_0": SEQLETS}))
    assert isinstance(patterns, MotifSet)
    assert repr(patterns) == "PatternSet of 1 motif, 4 bp: pos_patterns.pattern_0"
    assert patterns["pos_patterns.pattern_0"].T.tolist() == CORE.tolist()
    assert patterns.cwms["pos_patterns.pattern_0"].T.tolist() == CORE.tolist()
    assert np.allclose(patterns.patterns["pos_patterns.pattern_0"].hypothetical.T, CORE - 0.1)


def test_read_modisco__keeps_whole_patterns_if_asked(h5) -> None:
    patterns = read_modisco(h5({"pos_patterns/pattern_0": SEQLETS}), trim_threshold=0)
    assert patterns.widths.tolist() == [10]


def test_read_modisco__orders_by_sign_and_number(h5) -> None:
    keys = ["neg_patterns/pattern_0", "pos_patterns/pattern_10", "pos_patterns/pattern_2", "pos_patterns/pattern_0"]
    patterns = read_modisco(h5(dict.fromkeys(keys, SEQLETS)))
    assert patterns.names == [f"pos_patterns.pattern_{i}" for i in (0, 2, 10)] + ["neg_patterns.pattern_0"]
    assert patterns.cwms["neg_patterns.pattern_0"].min() == -1
    assert patterns.n_seqlets.to_dict() == dict.fromkeys(patterns.names, 2)


def test_read_modisco__tells_where_the_trimmed_seqlets_lie(h5) -> None:
    path = h5({"pos_patterns/pattern_0": SEQLETS, "neg_patterns/pattern_0": [(7, 0, False)]})
    seqlets = read_modisco(path).seqlets
    assert seqlets.columns.tolist() == ["example_idx", "start", "end", "strand", "motif_name", "motif_idx"]
    # forward: 3 positions are cut on the left; reverse: the 3 on the right of the + strand, and 3 on its left
    assert seqlets[["example_idx", "start", "end", "strand"]].to_numpy().tolist() == [
        [0, 8, 12, "+"],
        [3, 15, 19, "-"],
        [7, 3, 7, "+"],
    ]
    assert seqlets["motif_idx"].tolist() == [0, 0, 1]


def test_read_modisco__trims_unequal_flanks_on_the_right_strand(h5) -> None:
    sequence, contributions = np.full((10, 4), 0.25), np.full((10, 4), 0.01)
    sequence[1:5], contributions[1:5] = CORE, CORE
    path = h5({"pos_patterns/pattern_0": SEQLETS}, sequence=sequence, contrib_scores=contributions)
    assert read_modisco(path).seqlets[["start", "end"]].to_numpy().tolist() == [[6, 10], [17, 21]]


def test_read_modisco__counts_positions_of_the_whole_sequence(h5) -> None:
    path = h5({"pos_patterns/pattern_0": SEQLETS}, window=40)
    assert read_modisco(path, length=101).seqlets["start"].tolist() == [30 + 8, 30 + 15]
    assert read_modisco(path, length=40).seqlets["start"].tolist() == [8, 15]
    with pytest.raises(InvalidArgument, match=r"`length` must be at least the window .*, 40 bp; got 39"):
        read_modisco(path, length=39)


def test_read_modisco__reads_an_unknown_base_as_any(h5) -> None:
    sequence = np.full((10, 4), 0.2)
    sequence[4] = 0
    path = h5({"pos_patterns/pattern_0": SEQLETS}, sequence=sequence)
    assert np.allclose(read_modisco(path)["pos_patterns.pattern_0"], 0.25)


def test_read_modisco__warns_of_an_empty_result(h5) -> None:
    with pytest.warns(NbmotifWarning, match="TF-MoDISco found no pattern; it needs more than 100 seqlets of a sign"):
        patterns = read_modisco(h5({}))
    assert len(patterns) == 0
    assert patterns.seqlets.empty
    assert "motif_idx" in patterns.seqlets


@pytest.mark.parametrize(
    ("keys", "window", "message"),
    [
        (
            {"metacluster_idx_to_submetacluster_results/x": SEQLETS},
            40,
            r"before modisco-lite\. Convert it: modisco convert -i",
        ),
        ({"shap": SEQLETS}, None, r"it has no patterns: there is shap in it"),
    ],
)
def test_read_modisco__says_what_else_the_file_is(h5, keys: Any, window: int | None, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_modisco(h5(keys, window))


def test_read_modisco__says_what_is_wrong_with_a_file(h5, tmp_path: Path) -> None:
    (tmp_path / "a.meme").write_text("MEME version 4\n")
    with pytest.raises(InvalidFile, match=r"a\.meme: this is not an HDF5 file"):
        read_modisco(tmp_path / "a.meme")
    with pytest.raises(FileNotFoundError):
        read_modisco(tmp_path / "absent.h5")
    path = h5({"pos_patterns/pattern_0": SEQLETS}, window=None)
    with pytest.raises(InvalidFile, match="it does not say how wide the window was"):
        read_modisco(path, length=50)
    with pytest.raises(InvalidArgument, match="`trim_threshold` must be a number between 0 and 1; got 2"):
        read_modisco(path, trim_threshold=2)
    with h5py.File(path, "a") as file:
        del file["pos_patterns/pattern_0/contrib_scores"]
    with pytest.raises(InvalidFile, match=r"pos_patterns/pattern_0 is not complete.*contrib_scores"):
        read_modisco(path)


def test_pattern_set__works_wherever_motifs_do(h5) -> None:
    path = h5({"pos_patterns/pattern_0": SEQLETS, "neg_patterns/pattern_0": SEQLETS})
    patterns = read_modisco(path)
    assert MotifSet.read(path) == patterns
    assert plot_pwm(patterns["pos_patterns.pattern_0"]).x_range.end == 9.5  # 4 bp, a gap of 2, 4 bp
    assert plot_logo(patterns.cwms["neg_patterns.pattern_0"]).y_range.start < 0


def test_pattern_set__stays_whole_when_copied_and_changed(h5) -> None:
    patterns = read_modisco(h5({"pos_patterns/pattern_0": SEQLETS, "neg_patterns/pattern_0": SEQLETS}))
    for twin in (pickle.loads(pickle.dumps(patterns)), copy.copy(patterns), patterns.subset(patterns.names)):
        assert isinstance(twin, PatternSet)
        assert twin == patterns
        assert twin.seqlets.equals(patterns.seqlets)
        del twin["pos_patterns.pattern_0"]
        assert list(twin.cwms) == ["neg_patterns.pattern_0"]
    assert len(patterns.cwms) == 2
    patterns["pos_patterns.pattern_0"] = np.full((4, 2), 0.25)
    assert list(patterns.cwms) == ["neg_patterns.pattern_0"]
    assert type(patterns.subset(["pos_patterns.pattern_0"])) is MotifSet


# writing and running


def test_write_modisco_inputs__writes_what_the_command_line_reads(tmp_path: Path) -> None:
    X, X_attr = (
        random_one_hot((3, 4, 50), random_state=0),
        torch.randn(3, 4, 50, generator=torch.Generator().manual_seed(0)),
    )
    paths = write_modisco_inputs(tmp_path / "new" / "folder", X.float(), X_attr.double().numpy())
    arrays = [np.load(path)["arr_0"] for path in paths]
    assert [path.name for path in paths] == ["sequences.npz", "attributions.npz"]
    assert [array.dtype for array in arrays] == [np.int8, np.float32]
    assert np.array_equal(arrays[0], X.numpy())
    assert np.array_equal(arrays[1], NOISE.numpy())


@pytest.mark.parametrize(
    ("X_attr", "message"),
    [
        (
            NOISE * X,
            r"`X_attr` must be hypothetical attributions; got 0 for every base .*hypothetical=True",
        ),
        (NOISE[:, :, :40], r"`X_attr` must be of X's shape \(3, 4, 50\); got float32 \(3, 4, 40\)"),
        (
            torch.where(torch.arange(50) == 7, float("inf"), NOISE),
            r"`X_attr` must be finite; got .*sequence 0 at position 7",
        ),
        ([1], r"`X_attr` must be a torch tensor or a numpy array"),
    ],
)
def test_modisco__refuses_attributions_that_do_not_fit(X_attr: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=message):
        write_modisco_inputs(tmp_path, X, X_attr)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"contrib_scores": np.full((10, 4), np.nan)}, "has NaN or infinite values"),
        ({"sequence": np.full((10, 4), np.nan)}, "has NaN or infinite values"),
        ({"contrib_scores": np.ones((8, 4))}, "has matrices of different shapes"),
        ({"sequence": np.ones((10, 3))}, "has matrices of different shapes"),
    ],
)
def test_read_modisco__refuses_patterns_that_are_none(h5, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_modisco(h5({"pos_patterns/pattern_0": SEQLETS}, **more))


def test_read_modisco__refuses_seqlets_before_their_sequence(h5) -> None:
    with pytest.raises(InvalidFile, match="seqlets that begin before their sequence"):
        read_modisco(h5({"pos_patterns/pattern_0": [(0, -5, False)]}))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"start": [0]}, "pos_patterns/pattern_0 has more of one column of its seqlets than of another"),
        ({"end": [99, 99]}, "has seqlets that are not as long as the pattern, 10 bp"),
    ],
)
def test_read_modisco__refuses_columns_of_seqlets_that_do_not_fit(h5, columns: dict[str, Any], message: str) -> None:
    path = h5({"pos_patterns/pattern_0": SEQLETS})
    with h5py.File(path, "a") as file:
        for name, values in columns.items():
            del file[f"pos_patterns/pattern_0/seqlets/{name}"]
            file[f"pos_patterns/pattern_0/seqlets/{name}"] = values
    with pytest.raises(InvalidFile, match=message):
        read_modisco(path)


def test_read_modisco__names_a_file_that_was_cut_off(h5) -> None:
    path = h5({"pos_patterns/pattern_0": SEQLETS})
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InvalidFile, match="damaged or was cut off"):
        read_modisco(path)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"trim_threshold": 2}, "trim_threshold"),
        ({"trim_threshold": "0.3"}, "trim_threshold"),
        ({"path": "."}, "path"),
        ({"window": 40.5}, "window"),
        ({"max_seqlets": 0}, "max_seqlets"),
    ],
)
def test_run_modisco__names_what_is_wrong_before_the_run(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], name: str
) -> None:
    monkeypatch.setattr("modiscolite.tfmodisco.TFMoDISco", lambda **_: pytest.fail("it ran"))
    with pytest.raises(InvalidArgument, match=f"`{name}` must be"):
        run_modisco(X, NOISE, **options)


def test_run_modisco__misses_the_folder_for_its_file_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modiscolite.tfmodisco.TFMoDISco", lambda **_: pytest.fail("it ran"))
    with pytest.raises(FileNotFoundError, match=r"^`path`: there is no folder no such folder$"):
        run_modisco(X, NOISE, path="no such folder/modisco.h5")


def test_run_modisco__refuses_what_it_has_no_null_for() -> None:
    pytest.importorskip("modiscolite")
    with pytest.raises(InvalidArgument, match=r"some windows are positive and some negative; got one sign"):
        run_modisco(X, NOISE.abs())
    with pytest.raises(InvalidArgument, match="`window` must be more than a sliding window of 20 bp; got 20 bp"):
        run_modisco(X, NOISE, window=20)


def test_run_modisco__says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "modiscolite.io", None)
    with pytest.raises(ImportError, match=r"run_modisco needs modisco-lite: pip install nbmotif\[modisco\]"):
        run_modisco(X, NOISE)
