"""The two presets of a fit.

`paper` is the authors' model and masked-entity prediction (specs/multiexpan.md, sections a and b)
on one device: batches of 256 where they had 8 × 256. It wants a GPU and pretrained weights. `demo`
is small, trained from scratch, and made for corpora of a few hundred or thousand entities: see
docs/decisions/0002-small-data.md for the trials behind its numbers.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True)
class FitConfig:
    """All that decides what a fit learns. Shares are probabilities in [0, 1]."""

    preset: str
    seed: int = 0
    # Encoders. A name is looked up in the local cache or as a folder; "" is built here.
    text_encoder: str = ""
    pieces: int = 8000
    text_layers: int = 1
    backbone: str = "test_byobnet"
    backbone_weights: str = ""
    backbone_objective: str = "patches"
    backbone_steps: int = 400
    imagenet_norm: bool = True
    # MultiExpan.
    dim: int = 128
    heads: int = 4
    visual_layers: int = 1
    cross_layers: int = 1
    block_dropout: float = 0.1
    logit_dropout: float = 0.0
    # Masked-entity prediction: the first `alone_epochs` of `epochs` read one modality at a time, a
    # share of the steps pictures.
    alone_epochs: int = 6
    alone_image_share: float = 0.5
    epochs: int = 14
    draws: int = 64
    batch: int = 128
    learning_rate: float = 1e-3
    # Of the learning rate, for a pretrained text encoder: what it knows is not to be overrun.
    pretrained_rate: float = 0.1
    schedule: str = "cosine"
    weight_decay: float = 0.01
    adam_epsilon: float = 1e-8
    clip: float = 1.0
    smoothing: float = 0.075
    kinds: float = 0.5
    # Likeness by both anew after the first epoch of both: from what the model reads in sentences.
    kinds_renewed: bool = True
    # Against learning pictures and sentences by heart.
    text_share: float = 0.4
    image_share: float = 0.2
    keep_patches: int = 12
    neighbours: int = 10
    neighbour_share: float = 1.0
    word_dropout: float = 0.3
    # Choice of the epoch.
    dev_share: float = 0.15
    patience: int = 3

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


DEMO = FitConfig(preset="demo")

PAPER = FitConfig(
    preset="paper",
    text_encoder="bert-base-uncased",
    text_layers=12,
    backbone="resnet50.tv_in1k",
    backbone_weights="timm",
    backbone_steps=0,
    dim=768,
    heads=12,
    visual_layers=3,
    cross_layers=3,
    block_dropout=0.1,
    logit_dropout=0.2,
    imagenet_norm=True,
    weight_decay=0.01,
    smoothing=0.075,
    kinds=0.0,
    kinds_renewed=False,
    alone_epochs=0,
    epochs=50,
    draws=64,
    batch=256,
    learning_rate=1e-5,
    pretrained_rate=1.0,
    schedule="constant",
    adam_epsilon=1e-6,
    clip=0.0,
    text_share=0.0,
    image_share=0.0,
    keep_patches=36,
    neighbours=0,
    neighbour_share=0.0,
    word_dropout=0.0,
    patience=0,
)

PRESETS = {"demo": DEMO, "paper": PAPER}


def configure(preset: str, **changes: Any) -> FitConfig:
    """A preset with some fields changed; None leaves a field as it is. Raises ValueError."""
    if preset not in PRESETS:
        raise ValueError(f"no preset {preset!r}; there are: {', '.join(PRESETS)}")
    given = {key: value for key, value in changes.items() if value is not None}
    config = replace(PRESETS[preset], **given)
    for name in ("epochs", "draws", "batch"):
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be 1 or more, got {getattr(config, name)}")
    if config.alone_epochs >= config.epochs:
        config = replace(config, alone_epochs=config.epochs - 1)
    if config.learning_rate <= 0:
        raise ValueError(f"learning_rate must be above 0, got {config.learning_rate}")
    return config
