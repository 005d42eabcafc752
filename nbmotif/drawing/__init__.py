"""Logos as plain geometry, and what draws it: SVG for notebooks, Bokeh for pages, an axes of matplotlib's."""

from __future__ import annotations
