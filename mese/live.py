"""The bundle's model, opened on first use: contexts that are read on the fly.

A placeholder until the model is opened here: `LiveModel.encode` refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mese.bundle import Bundle, BundleError
from mese.mentions import Encodings, Mention

__all__ = ["Encodings", "LiveModel", "Mention"]


@dataclass(frozen=True)
class LiveModel:
    """A bundle's model and what it reads with."""

    bundle: Bundle

    def encode(self, mentions: Sequence[Mention], modality: str) -> Encodings:
        """Distributions of mentions under a modality; raises `BundleError`, `SeedError`."""
        raise BundleError("contexts cannot be read on the fly yet")
