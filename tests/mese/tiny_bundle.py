"""A bundle with a model in it, untrained and tiny, and the corpus that it was represented from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

from mese.bundle import write_bundle
from mese.corpus import MODALITIES, Context, Corpus, Entity
from mese.encoders import WordEncoder, build_backbone, build_text_encoder, train_tokenizer
from mese.encoding import encode_contexts
from mese.features import FeatureStore, fill
from mese.images import resolve, sha256_of
from mese.mentions import Mention
from mese.model import ModelConfig, MultiExpan
from mese.publishing import write_json
from mese.represent import represent

BACKBONE = "test_byobnet"
ENTITIES = 7
EACH = 5
BARE = 6
"""The entity without any image."""


def make_corpus(folder: Path) -> Corpus:
    """Seven entities in five sentences each, one of them far too long, some without an image."""
    rng = np.random.default_rng(3)
    (folder / "images").mkdir(parents=True)
    contexts = []
    for number in range(ENTITIES * EACH):
        entity = number // EACH
        count = 400 if number % EACH == 3 else 4 + number % 7
        words = tuple(f"w{rng.integers(0, 40)}" for _ in range(count))
        start = int(rng.integers(0, count - 1))
        image = f"images/{number}.png" if number % EACH != 2 and entity != BARE else None
        digest = None
        if image:
            pixels = rng.integers(0, 255, (40, 60, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / image)
            digest = sha256_of(folder / image)
        contexts.append(Context(number, entity, words, start, start + 1, image, digest))
    return Corpus(
        name="tiny",
        entities=tuple(Entity(n, f"Thing {n}") for n in range(ENTITIES)),
        classes=(),
        members={},
        queries=(),
        contexts=contexts,
        image_root=folder,
    )


def mentions_of(corpus: Corpus, entity: int) -> list[Mention]:
    """An entity's contexts as an engine takes them."""
    chosen = [corpus.contexts[place] for place in corpus.contexts_of[entity]]
    return [
        Mention(c.tokens, c.start, c.end, resolve(corpus.image_root, c.image) if c.image else None)
        for c in chosen
    ]


def make_bundle(folder: Path, corpus: Corpus, seed: int = 0) -> Path:
    """Write the bundle; its indexes are made by `mese.represent` from the weights that it holds."""
    folder.mkdir(parents=True)
    torch.manual_seed(seed)
    tokenizer = train_tokenizer([c.tokens for c in corpus.contexts], 120)
    words = WordEncoder(tokenizer)
    backbone = build_backbone(BACKBONE).eval()
    width = int(backbone(torch.zeros(1, 3, 32, 32)).shape[1])
    text = build_text_encoder(tokenizer.get_vocab_size(), 16, 1, 2, words.pad)
    vocabulary = corpus.vocabulary()
    sizes = ModelConfig(len(vocabulary), width, 16, 2, 1, 1)
    model = MultiExpan(text, sizes).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # an untrained model hardly tells its contexts apart
    save_file(model.state_dict(), folder / "weights.safetensors")
    save_file(backbone.state_dict(), folder / "backbone.safetensors")
    tokenizer.save(str(folder / "tokenizer.json"))
    fit = {"backbone": BACKBONE, "imagenet_norm": True}
    config = {"model": sizes.as_dict(), "text": text.config.to_dict(), "fit": fit}
    write_json(folder / "model.json", config)
    files = {
        c.image_hash: resolve(corpus.image_root, c.image)
        for c in corpus.contexts
        if c.image and c.image_hash
    }
    store = FeatureStore(folder.parent / f"features-{folder.name}", width)
    fill(store, files, backbone)
    encoded = encode_contexts(corpus, vocabulary, words, store.row_of)
    indexes = {
        modality: represent(model, encoded, modality, store, folder.parent / modality)
        for modality in MODALITIES
    }
    meta = {"name": folder.name, "corpus": corpus.name, "fit": fit}
    meta["fingerprint"] = corpus.fingerprint
    entities = [corpus.entity_by_id[entity] for entity in vocabulary]
    classes = [corpus.classes_of.get(entity, ()) for entity in vocabulary]
    write_bundle(folder, meta, entities, classes, indexes)
    return folder
