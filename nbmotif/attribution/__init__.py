"""Attribution: what each base of a sequence contributes to a model's prediction.

One engine follows the torch calls of a forward pass (``tape``), found once by a ``probe``, and replaces the backward
pass of each by its DeepLIFT rule (``rules``).
"""

from __future__ import annotations

from nbmotif.attribution.deeplift import AttributionReferencesResult as AttributionReferencesResult
from nbmotif.attribution.deeplift import deep_lift_shap as deep_lift_shap

__all__ = ["AttributionReferencesResult", "deep_lift_shap"]
