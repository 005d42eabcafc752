"""Attribution: what each base of a sequence contributes to a model's prediction.

One engine follows the torch calls of a forward pass (``tape``), found once by a ``probe``. For DeepLIFT it replaces the
backward pass of each by its rule (``rules``); for edits it computes each only where the edit reaches (``windows``).
"""

from __future__ import annotations

from nbmotif.attribution.deeplift import AttributionReferencesResult as AttributionReferencesResult
from nbmotif.attribution.deeplift import deep_lift_shap as deep_lift_shap
from nbmotif.attribution.gradients import saliency as saliency
from nbmotif.attribution.mutagenesis import SaturationMutagenesisRawResult as SaturationMutagenesisRawResult
from nbmotif.attribution.mutagenesis import saturation_mutagenesis as saturation_mutagenesis
from nbmotif.attribution.report import AttributionReport as AttributionReport

__all__ = [
    "AttributionReferencesResult",
    "AttributionReport",
    "SaturationMutagenesisRawResult",
    "deep_lift_shap",
    "saliency",
    "saturation_mutagenesis",
]
