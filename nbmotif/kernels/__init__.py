"""Numba kernels: arrays in, arrays out. Nothing here knows of pandas, torch or files."""

from __future__ import annotations
