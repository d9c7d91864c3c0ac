"""What a step aims at beside the entity itself: the entities most alike, by what the step reads.

Likeness by sentences comes from their words, likeness by pictures from their patches
(`train.likeness`). Likeness by both is made twice: the second time after the first epoch that reads
both, for by then the model knows more of the sentences than their words do, and what it reads in
them joins the words (docs/decisions/0002-small-data.md).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from mese.corpus import Corpus
from mese.model import MultiExpan
from mese.represent import represent
from train.build import Parts
from train.dev_scores import judge_by_dev_classes
from train.floors import tfidf_vectors
from train.likeness import Kinds, Likeness, as_read, kinds_by_both, kinds_by_modality, likeness
from train.objectives import Alike
from train.presets import FitConfig

BOTH = "text+image"


class Targets:
    """The entities that share each one's target, by modality; none where the preset says so."""

    def __init__(self, corpus: Corpus, config: FitConfig, parts: Parts, device: str) -> None:
        self._config, self._parts, self._device = config, parts, device
        self._alike: dict[str, Alike] = {}
        self._likeness: Likeness | None = None
        self._renewed = False
        if not config.kinds:
            return
        self._judge = judge_by_dev_classes(corpus, config, parts)
        self._likeness = likeness(
            tfidf_vectors(corpus, parts.vocabulary),
            parts.encoded,
            len(parts.vocabulary),
            parts.features,
            config.seed,
        )
        for modality, found in kinds_by_modality(self._likeness, self._judge).items():
            self._alike[modality] = self._as_tensors(found)

    def _as_tensors(self, found: Kinds) -> Alike:
        near, share = torch.from_numpy(found.near), torch.from_numpy(found.share)
        return Alike(self._config.kinds, near.to(self._device), share.to(self._device))

    def alike(self, modality: str, entity: torch.Tensor) -> Alike | None:
        """For a batch of entities, by position, int64 (B,); None where nothing is alike.

        In a corpus without pictures, a step that would read both reads the sentences.
        """
        found = self._alike.get(modality, self._alike.get("text"))
        return found.of(entity) if found else None

    def renew(self, model: MultiExpan, work: Path) -> None:
        """Once: likeness by both from what the model reads in the sentences now.

        `work` is a folder for the reading, which is gone afterwards.
        """
        known = self._likeness
        if self._renewed or not self._config.kinds_renewed or known is None or known.image is None:
            return
        shutil.rmtree(work, ignore_errors=True)
        encoded, patches = self._parts.encoded, self._parts.features
        index = represent(model, encoded, "text", patches, work, self._device)
        assert index.mean_state is not None  # `represent` always makes them
        text = as_read(index.mean_state, known.text)
        self._alike[BOTH] = self._as_tensors(kinds_by_both(text, known.image, self._judge))
        self._renewed = True
        shutil.rmtree(work, ignore_errors=True)

    def state(self) -> dict[str, torch.Tensor]:
        """What cannot be made again from the corpus: for a checkpoint."""
        if not self._renewed:
            return {}
        both = self._alike[BOTH]
        return {"near": both.near.cpu(), "share": both.share.cpu()}

    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Go on with a checkpoint's `state`. Raises KeyError where it is damaged."""
        if state:
            near, share = state["near"].to(self._device), state["share"].to(self._device)
            self._alike[BOTH] = Alike(self._config.kinds, near, share)
            self._renewed = True
