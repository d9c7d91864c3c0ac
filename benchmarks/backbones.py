"""Which way to train the `demo` backbone: one architecture, four ways, judged by dev classes.

    PYTHONPATH=. python benchmarks/backbones.py [--home DIR] [--steps N] [--backbone NAME]

Reads the corpus in the store of --home; where there is none, the embedded corpus is built there
(kept, and shared with benchmarks/demo_quality.py). Each backbone's patch features are judged
without any further training: entities by `train.picture_likeness`, from which a fit's image targets
come, ranked by cosine to the seeds. The choice is by the dev classes; the reported ones stand
beside it. `random` is never trained.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from db.corpus import load_corpus
from db.store import Store
from mese.corpus import Corpus
from mese.encoders import WordEncoder, build_backbone, train_tokenizer
from mese.encoding import encode_contexts
from mese.metrics import Scores, score_queries
from mese.settings import Settings
from train.build import fill_features, picture_files, renumber
from train.evaluate import EXPANDED, query_set
from train.floors import rank_by_cosine
from train.picture_likeness import Vectors, picture_likeness
from train.pictures import load_pictures
from train.presets import DEMO
from train.split import reported_classes
from train.vision import OBJECTIVES, Task, train_backbone
from train.word_vectors import piece_vectors, sentence_matrix, sentence_vectors

SEED = 0


def main() -> int:
    options = _options()
    settings = Settings(home=options.home.absolute())
    make_corpus(settings)
    corpus = load_corpus(Store.open_existing(settings.store_url), "top1")
    vocabulary = corpus.vocabulary()
    images = picture_files(corpus, vocabulary)
    if not images:
        print("this corpus has no pictures; nothing was measured")
        return 0
    words = WordEncoder(train_tokenizer((c.tokens for c in corpus.contexts), DEMO.pieces))
    number = {image: n for n, image in enumerate(images)}
    encoded = encode_contexts(corpus, vocabulary, words, number)
    matrix = sentence_matrix(encoded, words.tokenizer.get_vocab_size(), words.specials)
    vectors = sentence_vectors(matrix, piece_vectors(matrix, DEMO.dim, SEED))
    pictures = load_pictures(encoded, images, np.random.default_rng(SEED), settings.max_pixels)
    task = Task(pictures, encoded, vectors, DEMO.keep_patches)
    print(f"{options.backbone}, {options.steps} steps, {len(images):,} pictures\n")
    print("| trained by | seconds | loss | dev MAP@10 | dev Avg | reported MAP@10 | reported Avg |")
    print("|---|---|---|---|---|---|---|")
    for objective in ("random", *OBJECTIVES):
        torch.manual_seed(SEED)
        backbone, begun = build_backbone(options.backbone), time.monotonic()
        losses: list[float] = []
        if objective != "random":
            losses = train_backbone(backbone, objective, task, options.steps, SEED)
        seconds = time.monotonic() - begun
        with tempfile.TemporaryDirectory() as folder:
            store = fill_features(
                Path(folder), options.backbone, backbone, images, "cpu", True, _silent
            )
            seen = renumber(encoded, list(images), store)
            rows = picture_likeness(seen, len(vocabulary), store, SEED)
        cells = [
            f"{score.map[10]:.1f} | {score.average:.1f}"
            for score in (_score(corpus, vocabulary, rows, which) for which in ("dev", "reported"))
        ]
        told = f"{losses[0]:.2f} to {np.mean(losses[-20:]):.2f}" if losses else "–"
        print(f"| {objective} | {seconds:.0f} | {told} | {' | '.join(cells)} |", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, default=Path("build/quality/demo"))
    parser.add_argument("--backbone", default=DEMO.backbone, help="a timm architecture")
    parser.add_argument("--steps", type=int, default=DEMO.backbone_steps)
    return parser.parse_args()


def make_corpus(settings: Settings) -> None:
    """The embedded corpus in a home that has no store, by the command that a user would type."""
    if not (settings.home / "mese.db").exists():
        environment = {**os.environ, "MESE_HOME": str(settings.home)}
        subprocess.run([sys.executable, "-m", "db", "demo"], env=environment, check=True)


def _silent(stage: str, done: int, of: int | None, note: str) -> None:
    """A table is printed, no bar."""


def _score(corpus: Corpus, vocabulary: tuple[int, ...], rows: Vectors, which: str) -> Scores:
    queries = query_set(corpus, vocabulary, reported_classes(corpus, DEMO.dev_share, which), 3)
    lists = [rank_by_cosine(rows, seeds, EXPANDED) for seeds in queries.seeds]
    return score_queries(lists, queries.gold)


if __name__ == "__main__":
    sys.exit(main())
