"""nbmotif: what motifs has my DNA model learned? Ask in a notebook, turn the knobs, see the answer move.

Which method answers which question
-----------------------------------
=======================================  ====================================================================
You want                                 Use
=======================================  ====================================================================
motifs that are in no database           ``study.run_modisco()``, ``read_modisco`` (TF-MoDISco)
the effect of a motif, no sequences      ``marginalize(model, X, motif)`` on background sequences
  … where it acts, base by base          ``marginalize(model, X, motif, func=deep_lift_shap)``
what the model uses in my sequences      ``recursive_seqlets`` then ``annotate_seqlets`` (seqlets + TOMTOM)
where known motifs act in my sequences   ``fimo`` then ``extract_signal`` (FIMO + attribution threshold)
all of these, side by side               ``Study(model, X, motifs).run()``
=======================================  ====================================================================

Seqlets + TOMTOM is fast and starts from what the model uses, but splits counts between look-alike motifs; FIMO +
attribution counts a site for every look-alike that matches it; families of motifs repair both. Marginalization needs
no sequences, and says what is sufficient, not what is present. TF-MoDISco needs no database and takes the longest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbmotif import demo as demo
    from nbmotif.annotations import count_annotations as count_annotations
    from nbmotif.annotations import pairwise_annotations as pairwise_annotations
    from nbmotif.annotations import pairwise_annotations_spacing as pairwise_annotations_spacing
    from nbmotif.attribution.deeplift import deep_lift_shap as deep_lift_shap
    from nbmotif.attribution.gradients import saliency as saliency
    from nbmotif.attribution.mutagenesis import saturation_mutagenesis as saturation_mutagenesis
    from nbmotif.encoding import one_hot_encode as one_hot_encode
    from nbmotif.genome import genome_coordinates as genome_coordinates
    from nbmotif.genome import write_bed as write_bed
    from nbmotif.hits import Hits as Hits
    from nbmotif.loci import extract_loci as extract_loci
    from nbmotif.marginal import marginalize as marginalize
    from nbmotif.marginal import marginalize_motifs as marginalize_motifs
    from nbmotif.matching import annotate_seqlets as annotate_seqlets
    from nbmotif.matching import tomtom as tomtom
    from nbmotif.models import audit as audit
    from nbmotif.models import predict as predict
    from nbmotif.modisco import read_modisco as read_modisco
    from nbmotif.motifs import MotifSet as MotifSet
    from nbmotif.motifs import read_meme as read_meme
    from nbmotif.motifs import write_meme as write_meme
    from nbmotif.plot import plot_logo as plot_logo
    from nbmotif.plot import plot_pwm as plot_pwm
    from nbmotif.pwms import pwm_consensus as pwm_consensus
    from nbmotif.scanning import fimo as fimo
    from nbmotif.seqlets import recursive_seqlets as recursive_seqlets
    from nbmotif.sequences import dinucleotide_shuffle as dinucleotide_shuffle
    from nbmotif.sequences import random_one_hot as random_one_hot
    from nbmotif.sequences import reverse_complement as reverse_complement
    from nbmotif.sequences import substitute as substitute
    from nbmotif.signals import extract_signal as extract_signal
    from nbmotif.study import Study as Study
    from nbmotif.widget.explorer import Explorer as Explorer
    from nbmotif.window_seqlets import tfmodisco_seqlets as tfmodisco_seqlets

__version__ = "0.1.0.dev0"

# public name -> the module that defines it; loaded on first use, so that importing nbmotif stays instant
_HOME = {
    "Explorer": "widget.explorer",
    "Hits": "hits",
    "MotifSet": "motifs",
    "Study": "study",
    "annotate_seqlets": "matching",
    "audit": "models",
    "count_annotations": "annotations",
    "deep_lift_shap": "attribution.deeplift",
    "dinucleotide_shuffle": "sequences",
    "extract_loci": "loci",
    "extract_signal": "signals",
    "fimo": "scanning",
    "genome_coordinates": "genome",
    "marginalize": "marginal",
    "marginalize_motifs": "marginal",
    "one_hot_encode": "encoding",
    "pairwise_annotations": "annotations",
    "pairwise_annotations_spacing": "annotations",
    "plot_logo": "plot",
    "plot_pwm": "plot",
    "predict": "models",
    "pwm_consensus": "pwms",
    "random_one_hot": "sequences",
    "read_meme": "motifs",
    "read_modisco": "modisco",
    "recursive_seqlets": "seqlets",
    "reverse_complement": "sequences",
    "saliency": "attribution.gradients",
    "saturation_mutagenesis": "attribution.mutagenesis",
    "substitute": "sequences",
    "tfmodisco_seqlets": "window_seqlets",
    "tomtom": "matching",
    "write_bed": "genome",
    "write_meme": "motifs",
}

__all__ = sorted([*_HOME, "__version__", "demo"])


def __getattr__(name: str) -> object:
    if name == "demo":
        return importlib.import_module("nbmotif.demo")
    if name in _HOME:
        value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return list(__all__)
