"""From a preset and a corpus to the parts of a run: tokenizer, backbone, features, model.

Every part is kept in the run's folder once it is made, so that a run that is started again goes on
where it stopped, and `represent` finds the same parts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from mese.bundle_model import load_weights
from mese.corpus import Corpus
from mese.encoders import (
    EncoderError,
    WordEncoder,
    build_backbone,
    build_text_encoder,
    load_text_encoder,
    load_tokenizer,
    text_width,
    train_tokenizer,
)
from mese.encoding import Encoded, encode_contexts
from mese.features import FeatureStore, backbone_key, fill
from mese.images import MAX_PIXELS, resolve
from mese.index import EntityIndex
from mese.model import ModelConfig, MultiExpan, freeze_like_release
from mese.neighbours import with_neighbours
from mese.publishing import write_json
from train.checkpoint import save_weights
from train.pictures import load_pictures
from train.presets import FitConfig
from train.vision import Task, train_backbone
from train.word_vectors import piece_vectors, sentence_matrix, sentence_vectors

SEEN_PICTURES = 2000
"""Pictures whose patches the projection's principal components are found on."""

Report = Callable[[str, int, int | None, str], None]
"""(stage, done, of, note): what a long job tells whoever watches it."""


@dataclass(frozen=True)
class Parts:
    """All that training and representation read, apart from the model."""

    vocabulary: tuple[int, ...]
    words: WordEncoder
    encoded: Encoded
    features: FeatureStore


def check_encoder(config: FitConfig) -> None:
    """Raise `EncoderError` at once when a named text encoder is missing or the width is wrong."""
    if config.dim % config.heads:
        raise EncoderError(f"the width {config.dim} is no multiple of the {config.heads} heads")
    if not config.text_encoder:
        return
    width = text_width(config.text_encoder)
    if width != config.dim:
        raise EncoderError(
            f"{config.text_encoder!r} is {width} wide and the model {config.dim}: "
            f"give --dim {width}"
        )


def prepare(
    corpus: Corpus,
    config: FitConfig,
    run: Path,
    features: Path,
    device: str,
    report: Report,
    max_pixels: int = MAX_PIXELS,
) -> Parts:
    """Make or reload the parts of a run; restartable at every stage."""
    vocabulary = corpus.vocabulary()
    if len(vocabulary) < 2:
        raise ValueError(
            f"only {len(vocabulary)} entities have two contexts or more; there is nothing to learn"
        )
    words = WordEncoder(_tokenizer(corpus, config, run))
    images = picture_files(corpus, vocabulary)
    number = {image: i for i, image in enumerate(images)}
    encoded = encode_contexts(corpus, vocabulary, words, number)
    store = _features(config, run, features, encoded, images, words, device, report, max_pixels)
    return Parts(vocabulary, words, renumber(encoded, list(images), store), store)


def picture_files(corpus: Corpus, vocabulary: Sequence[int]) -> dict[str, Path]:
    """Image hash → file, for every image of a vocabulary entity's context, in corpus order."""
    known = set(vocabulary)
    return {
        c.image_hash: resolve(corpus.image_root, c.image)
        for c in corpus.contexts
        if c.entity in known and c.image and c.image_hash
    }


def _tokenizer(corpus: Corpus, config: FitConfig, run: Path) -> Any:
    from tokenizers import Tokenizer

    path = run / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))
    if config.text_encoder:
        made = load_tokenizer(config.text_encoder)
    else:
        # The mention is left out: its words would only take places that nothing else uses.
        made = train_tokenizer(
            ([*c.tokens[: c.start], *c.tokens[c.end + 1 :]] for c in corpus.contexts),
            config.pieces,
        )
    part = path.with_suffix(".part")
    made.save(str(part))
    os.replace(part, path)
    return made


def _features(
    config: FitConfig,
    run: Path,
    root: Path,
    encoded: Encoded,
    images: dict[str, Path],
    words: WordEncoder,
    device: str,
    report: Report,
    max_pixels: int,
) -> FeatureStore:
    """Train the backbone if the preset says so, and compute every image's patch features."""
    torch.manual_seed(config.seed)
    weights = run / "backbone.safetensors"
    given: bool | Path = config.backbone_weights == "timm"
    if config.backbone_weights not in ("", "timm"):
        given = Path(config.backbone_weights)
    backbone = build_backbone(config.backbone, False if weights.exists() else given)
    if weights.exists():
        load_weights(weights, backbone)
    else:
        if config.backbone_steps and images:
            _train_backbone(backbone, config, encoded, images, words, device, report, max_pixels)
        save_weights(weights, backbone)
    return fill_features(
        root,
        config.backbone,
        backbone,
        images,
        device,
        config.imagenet_norm,
        report,
        max_pixels,
    )


def _train_backbone(
    backbone: torch.nn.Module,
    config: FitConfig,
    encoded: Encoded,
    images: dict[str, Path],
    words: WordEncoder,
    device: str,
    report: Report,
    max_pixels: int,
) -> None:
    """Train the backbone on the corpus's pictures, as the preset says."""
    pictures = load_pictures(encoded, images, np.random.default_rng(config.seed), max_pixels)
    matrix = sentence_matrix(encoded, words.tokenizer.get_vocab_size(), words.specials)
    vectors = sentence_vectors(matrix, piece_vectors(matrix, config.dim, config.seed))
    task = Task(pictures, encoded, vectors, config.keep_patches, config.imagenet_norm)
    train_backbone(
        backbone,
        config.backbone_objective,
        task,
        config.backbone_steps,
        config.seed,
        device,
        lambda done, of, loss: report("image backbone", done, of, f"loss {loss:.2f}"),
    )


def fill_features(
    root: Path,
    name: str,
    backbone: torch.nn.Module,
    images: dict[str, Path],
    device: str,
    imagenet_norm: bool,
    report: Report,
    max_pixels: int,
) -> FeatureStore:
    """The patch features of images (hash → file) by a backbone, in its folder below `root`."""
    backbone.eval()
    with torch.inference_mode():
        width = int(backbone(torch.zeros(1, 3, 32, 32, device=_device_of(backbone))).shape[1])
    norm = "" if imagenet_norm else "-plain"
    store = FeatureStore(root / (backbone_key(name, backbone) + norm), width)
    fill(
        store,
        images,
        backbone,
        device,
        imagenet_norm,
        lambda done, of: report("patch features", done, of, ""),
        max_pixels,
    )
    return store


def _device_of(module: torch.nn.Module) -> torch.device:
    return next(module.parameters()).device


def renumber(encoded: Encoded, hashes: list[str], store: FeatureStore) -> Encoded:
    """The same contexts with rows of the feature store for image numbers."""
    rows = np.array([store.row_of.get(image, -1) for image in hashes] + [-1], dtype=np.int64)
    return replace(encoded, image=rows[encoded.image])


def new_model(config: FitConfig, parts: Parts) -> MultiExpan:
    """A model to train: named or local text weights, or a small encoder started from PPMI-SVD."""
    torch.manual_seed(config.seed)
    sizes = ModelConfig(
        entities=len(parts.vocabulary),
        features=parts.features.width,
        dim=config.dim,
        heads=config.heads,
        visual_layers=config.visual_layers,
        cross_layers=config.cross_layers,
        block_dropout=config.block_dropout,
        logit_dropout=config.logit_dropout,
    )
    if config.text_encoder:
        model = MultiExpan(load_text_encoder(config.text_encoder), sizes)
        freeze_like_release(model)
        return model
    size = parts.words.tokenizer.get_vocab_size()
    text = build_text_encoder(size, config.dim, config.text_layers, config.heads, parts.words.pad)
    matrix = sentence_matrix(parts.encoded, size, parts.words.specials)
    _start_from(text, piece_vectors(matrix, config.dim, config.seed))
    model = MultiExpan(text, sizes)
    _start_seeing(model, parts, config.seed)
    return model


def _start_seeing(model: MultiExpan, parts: Parts, seed: int) -> None:
    """Start the projection of patches from the whitened principal components of their features.

    What a small backbone's features have in common outweighs by far what tells patches apart: from
    random weights the model does not learn to see within a fit.
    """
    used = np.unique(parts.encoded.image[parts.encoded.image >= 0])
    if not len(used):
        return
    sample = np.sort(np.random.default_rng(seed).permutation(used)[:SEEN_PICTURES])
    patches = parts.features(sample).reshape(-1, parts.features.width).astype(np.float32)
    project: Any = model.visual_linear[0]
    rank = min(project.out_features, *patches.shape)
    found = PCA(rank, svd_solver="covariance_eigh", whiten=True).fit(patches)
    weight = found.components_ / np.sqrt(found.explained_variance_ + 1e-6)[:, None]
    with torch.no_grad():
        project.weight[:rank] = torch.from_numpy(weight.astype(np.float32))
        project.bias[:rank] = torch.from_numpy((-weight @ found.mean_).astype(np.float32))


def _start_from(text: Any, vectors: NDArray[np.float32]) -> None:
    """Token embeddings from vectors; rows that the corpus says nothing about keep their draw."""
    known = torch.from_numpy(vectors.any(axis=1))
    with torch.no_grad():
        text.embeddings.word_embeddings.weight[known] = torch.from_numpy(vectors)[known]


def save_model(folder: Path, model: MultiExpan, config: FitConfig, name: str) -> None:
    """model.json and the weights file `name`: what `load_model` reads back."""
    text: Any = model.text.config
    description = {"model": model.config.as_dict(), "text": text.to_dict()}
    write_json(folder / "model.json", {**description, "fit": config.as_dict()})
    save_weights(folder / name, model)


def as_kept(index: EntityIndex, half: bool) -> EntityIndex:
    """A represented index as a bundle, or its views, keep it."""
    return with_neighbours(index.halved() if half else index)
