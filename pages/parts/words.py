"""Words that several pages share: of the modalities, and of results against the seeds' class."""

from __future__ import annotations

MODALITY_WORDS = {"text+image": "text and image", "text": "text only", "image": "image only"}

KIND_WORDS = {"hit": "✓ hit", "hard": "▲ hard negative", "other": "○ other", "plain": ""}
"""Each of `db.shown.KINDS` in a sign and words, for colour alone tells some people nothing."""
