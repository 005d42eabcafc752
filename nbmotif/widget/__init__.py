"""The notebook widget and what belongs to it: traits, encoding, requests, shared pages."""

from __future__ import annotations
