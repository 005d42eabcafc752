"""The embedded demo: it loads anywhere, its files agree with its rules, and the model has learned them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif
from nbmotif.demo import simulate, train
from nbmotif.demo.model import CountModel
from nbmotif.encoding import from_codes, one_hot_encode, to_codes
from nbmotif.sequences import reverse_complement, substitute

DATA = Path(nbmotif.demo.__file__).parent / "data"


@pytest.fixture(scope="module")
def demo():
    return nbmotif.demo.load()


@pytest.fixture(scope="module")
def pwms(demo):
    return {role.motif_name: demo.motifs[role.motif_name].numpy() for role in simulate.ROLES}


@pytest.fixture(scope="module")
def backgrounds():
    return from_codes(simulate.random_sequences(200, np.random.default_rng(7)), torch.float32)


def effect_of(model: torch.nn.Module, X: torch.Tensor, *inserts: tuple[torch.Tensor, int]) -> float:
    """Mean change of the output when one-hot motifs are written at the given places."""
    edited = X
    for motif, start in inserts:
        edited = substitute(edited, motif, start)
    with torch.no_grad():
        return float((model(edited) - model(X)).mean())


def consensus(pwm: np.ndarray) -> torch.Tensor:
    return nbmotif.pwm_consensus(torch.from_numpy(pwm))


# what a user gets


def test_load__gives_what_a_study_needs(demo):
    assert demo.X.shape == (256, 4, simulate.LENGTH)
    assert demo.X.dtype == torch.float32
    assert (demo.X.sum(dim=1) == 1).all()
    assert demo.model(demo.X[:3]).shape == (3, 1)
    assert not any(module.training for module in demo.model.modules())
    assert 150 <= len(demo.motifs) <= 220
    assert set(demo.truth.roles["motif_name"]) <= set(demo.motifs)
    assert list(demo.truth.roles) == ["motif_name", "family", "role", "effect"]
    assert list(demo.truth.sites) == ["example_idx", "start", "end", "strand", "motif_name", "effect"]
    assert set(demo.truth.roles["role"]) == {"activator", "partner", "repressor", "decoy"}


def test_load__gives_a_copy_of_its_own_each_time(demo):
    state = torch.random.get_rng_state()
    other = nbmotif.demo.load()
    assert torch.equal(state, torch.random.get_rng_state())
    other.X.zero_()
    other.motifs.clear()
    assert demo.X.any()
    assert len(demo.motifs) > 0


def test_load__imports_nothing_that_only_training_needs():
    code = "import nbmotif, sys; nbmotif.demo.load(); sys.exit('pyjaspar' in sys.modules or 'Bio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_repr__names_the_drivers_and_no_decoy(demo):
    assert "GATA, AP-1, ETS, E-box, REST;" in repr(demo)
    assert "256 sequences of 500 bp" in repr(demo)
    assert "CTCF" not in repr(demo)


def test_data__is_small():
    assert (DATA / "model.safetensors").stat().st_size < 500_000
    assert sum(file.stat().st_size for file in DATA.iterdir()) < 800_000


# the files agree with the rules


def test_roles__are_those_of_the_simulation(demo):
    roles = pd.DataFrame([vars(role) for role in simulate.ROLES]).drop(columns="rate")
    pd.testing.assert_frame_equal(demo.truth.roles, roles)


def test_sites__hold_an_instance_of_their_motif_and_do_not_overlap(demo, pwms):
    codes = to_codes(demo.X)
    last_end = dict.fromkeys(range(len(codes)), 0)
    for site in demo.truth.sites.itertuples():
        pwm = pwms[site.motif_name]
        assert site.end - site.start == pwm.shape[1]
        assert last_end[site.example_idx] <= site.start
        assert site.end <= codes.shape[1]
        last_end[site.example_idx] = site.end
        letters = codes[site.example_idx, site.start : site.end]
        letters = letters if site.strand == "+" else 3 - letters[::-1]
        score = simulate.log_odds(pwm)[letters, np.arange(len(letters))].sum()
        assert score > simulate.half_bound(pwm)


def test_sites__every_motif_is_planted_often_and_on_both_strands(demo):
    counts = demo.truth.sites.groupby(["motif_name", "strand"]).size()
    assert len(counts) == 2 * len(simulate.ROLES)
    assert counts.min() >= 30


def test_sites__effects_have_the_sign_of_their_role(demo):
    effects = demo.truth.sites.merge(demo.truth.roles[["motif_name", "role"]], on="motif_name").groupby("role")[
        "effect"
    ]
    assert (effects.get_group("decoy") == 0).all()
    assert (effects.get_group("activator") > 0.1).all()
    assert (effects.get_group("partner") > 0.1).all()
    assert (effects.get_group("repressor") < -0.3).all()


def test_hold_out__makes_the_sequences_and_sites_that_are_shipped(demo, pwms):
    codes, sites, _ = train.hold_out(pwms)
    np.testing.assert_array_equal(to_codes(demo.X), codes)
    pd.testing.assert_frame_equal(demo.truth.sites, sites, check_exact=False, atol=6e-4, rtol=0)


@pytest.mark.peers
def test_choose_motifs__picks_the_motifs_that_are_shipped(demo):
    pytest.importorskip("pyjaspar")
    chosen = train.choose_motifs()
    assert chosen.names == demo.motifs.names
    for name, pwm in chosen.items():
        torch.testing.assert_close(demo.motifs[name], pwm, rtol=0, atol=1e-6)


# the rules


def test_random_sequences__have_the_dinucleotides_of_the_genome():
    codes = simulate.random_sequences(2000, np.random.default_rng(0))
    pairs = np.bincount((4 * codes[:, :-1].astype(int) + codes[:, 1:]).ravel(), minlength=16).reshape(4, 4)
    np.testing.assert_allclose(pairs / pairs.sum(axis=1, keepdims=True), simulate.TRANSITIONS, atol=0.005)


def test_log_count__a_bound_site_adds_its_effect_on_either_strand(pwms):
    empty = one_hot_encode(["CA" * (simulate.LENGTH // 2)])
    before = log_count(empty, pwms)
    assert before == pytest.approx(simulate.BASE_LOG_COUNT, abs=0.02)
    for role in simulate.DRIVERS:
        motif = consensus(pwms[role.motif_name])
        for strand in (motif, reverse_complement(motif)):
            assert log_count(substitute(empty, strand, 100), pwms) - before == pytest.approx(role.effect, abs=0.05)


def test_log_count__an_e_box_behind_gata_adds_the_synergy(pwms):
    gata, e_box = consensus(pwms[simulate.GATA]), consensus(pwms[simulate.E_BOX])
    empty = one_hot_encode(["CA" * (simulate.LENGTH // 2)])

    def pair(gap: int) -> torch.Tensor:
        return substitute(substitute(empty, gata, 100), e_box, 100 + gata.shape[1] + gap)

    apart = log_count(pair(100), pwms)
    assert log_count(pair(simulate.GAP), pwms) - apart == pytest.approx(simulate.SYNERGY, abs=0.05)
    assert log_count(reverse_complement(pair(simulate.GAP)), pwms) == pytest.approx(log_count(pair(simulate.GAP), pwms))
    assert log_count(pair(0), pwms) - apart < 0.01


def log_count(X: torch.Tensor, pwms: dict[str, np.ndarray]) -> float:
    return float(simulate.log_count(simulate.occupancies(to_codes(X), pwms), pwms)[0])


def test_plant__leaves_out_what_does_not_fit(pwms, monkeypatch):
    crowded = tuple(simulate.Role(r.motif_name, r.family, r.role, r.effect, rate=10) for r in simulate.ROLES)
    monkeypatch.setattr(simulate, "ROLES", crowded)
    rng = np.random.default_rng(0)
    sites = simulate.plant(simulate.random_sequences(3, rng), pwms, rng)
    for _, rows in sites.groupby("example_idx"):
        assert (rows["end"].to_numpy()[:-1] <= rows["start"].to_numpy()[1:]).all()
        assert rows["end"].max() <= simulate.LENGTH
        assert len(rows) > 20


def test_train__is_seeded_and_leaves_torch_as_it_was(pwms, monkeypatch):
    monkeypatch.setattr(train, "N_EPOCHS", 1)
    monkeypatch.setattr(train, "EPOCH_SIZE", 64)
    state = torch.random.get_rng_state()
    first, again = (train.train(pwms, np.random.default_rng(3)).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert torch.equal(state, torch.random.get_rng_state())


def test_write_data__can_be_read_back(demo, tmp_path, monkeypatch):
    model = CountModel()
    train.write_data(tmp_path, model, demo.motifs, to_codes(demo.X[:2]), demo.truth.sites[:3])
    monkeypatch.setattr(nbmotif.demo, "_DATA", tmp_path)
    again = nbmotif.demo.load()
    assert torch.equal(again.X, demo.X[:2])
    assert torch.equal(again.model.count.weight, model.count.weight)
    assert again.motifs.names == demo.motifs.names
    pd.testing.assert_frame_equal(again.truth.sites, demo.truth.sites[:3])
    pd.testing.assert_frame_equal(again.truth.roles, demo.truth.roles)


# the model has learned the rules


def test_model__predicts_the_log_counts_of_sequences_it_has_not_seen(demo, pwms):
    truth = simulate.log_count(simulate.occupancies(to_codes(demo.X), pwms), pwms)
    with torch.no_grad():
        predicted = demo.model(demo.X)[:, 0].numpy()
    assert np.corrcoef(predicted, truth)[0, 1] > 0.99


@pytest.mark.parametrize("role", simulate.ROLES, ids=lambda role: role.family)
def test_model__responds_to_each_motif_as_the_truth_says(demo, pwms, backgrounds, role):
    motif = consensus(pwms[role.motif_name])
    start = simulate.LENGTH // 2
    for strand in (motif, reverse_complement(motif)):
        # 0.1 is less than half of the weakest driver's effect; the consensus of a long motif such as REST is
        # stronger than any instance that the model has seen
        assert effect_of(demo.model, backgrounds, (strand, start)) == pytest.approx(role.effect, abs=0.1, rel=0.25)


def test_model__has_learned_the_preferred_spacing(demo, pwms, backgrounds):
    gata, e_box = consensus(pwms[simulate.GATA]), consensus(pwms[simulate.E_BOX])
    behind = 200 + gata.shape[1]
    alone = effect_of(demo.model, backgrounds, (gata, 200)) + effect_of(demo.model, backgrounds, (e_box, behind + 50))
    far = effect_of(demo.model, backgrounds, (gata, 200), (e_box, behind + 50))
    near = effect_of(demo.model, backgrounds, (gata, 200), (e_box, behind + simulate.GAP))
    assert far == pytest.approx(alone, abs=0.1)
    assert near - far == pytest.approx(simulate.SYNERGY, abs=0.25)
