"""The training loop: epochs of masked-entity prediction, the best epoch by dev classes.

Steps, draws and dropped words depend on the seed, the epoch and the step alone, and a checkpoint
holds the optimizer and the generator too, so that a run that was cut off and started again ends
with the weights it would have had. The loop knows no store and no command line.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mese.bundle import write_json
from mese.corpus import MODALITIES, Corpus
from mese.encoding import Batch, Encoded, collate
from mese.index import EntityIndex
from mese.model import MultiExpan
from mese.represent import represent
from train.build import Parts, Report, check_encoder, new_model, prepare, save_model
from train.checkpoint import load_checkpoint, save_checkpoint
from train.data import bucketed, draw_epoch, random_places
from train.evaluate import query_set, score_index, sharpness
from train.objectives import masked_entity_loss
from train.presets import FitConfig
from train.split import dev_classes
from train.vision import nearest_pictures

CHECKPOINT_SECONDS = 60.0
DEV_CONTEXTS = 8
"""Contexts an entity that a dev evaluation reads: enough to choose an epoch by."""

FEW = 2
"""Pictures of an entity up to which they are swapped for their neighbours in training."""


class RunError(ValueError):
    """A run that cannot start or go on; the message says why and what to do."""


@dataclass
class Progress:
    """Where a fit is: what a checkpoint holds beside tensors."""

    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best: float = -1.0
    best_epoch: int = -1
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One planned step: which contexts, under which modality, with which patches and pictures."""

    rows: NDArray[np.int64]
    modality: str
    places: NDArray[np.int64] | None
    images: NDArray[np.int64]


def fit(
    corpus: Corpus,
    config: FitConfig,
    run: Path,
    features: Path,
    device: str,
    report: Report,
) -> dict[str, Any]:
    """Train in the folder `run`, or go on with what is there; returns the run's summary.

    Leaves run.json (configuration, corpus, history), tokenizer.json, backbone.safetensors,
    model.json and best.safetensors. Raises `RunError` when the folder holds another run.
    """
    check_encoder(config)
    run.mkdir(parents=True, exist_ok=True)
    with alone(run):
        return _fit(corpus, config, run, features, device, report)


@contextmanager
def alone(run: Path) -> Iterator[None]:
    """Hold the run's folder for this process; raises `RunError` when another holds it.

    The lock goes with the process, so that a killed fit leaves none behind.
    """
    folder = os.open(run, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        said = f"run {run.name!r} is under way in another process; wait for it or stop it"
        raise RunError(said) from error
    finally:
        os.close(folder)


def _fit(
    corpus: Corpus,
    config: FitConfig,
    run: Path,
    features: Path,
    device: str,
    report: Report,
) -> dict[str, Any]:
    summary = _claim(run, corpus, config)
    if summary.get("finished"):
        return summary
    parts = prepare(corpus, config, run, features, device, report)
    model = new_model(config, parts)
    trained = _train(model, corpus, config, parts, run, device, report)
    summary |= {
        "finished": True,
        "best_epoch": trained.best_epoch,
        "dev": trained.best if "dev" in trained.history[-1] and trained.best >= 0 else None,
        "history": trained.history,
    }
    write_json(run / "run.json", summary)
    (run / "checkpoint.pt").unlink(missing_ok=True)
    return summary


def _claim(run: Path, corpus: Corpus, config: FitConfig) -> dict[str, Any]:
    """The run's summary: its own if it was started before, else a fresh one, on disk at once."""
    path = run / "run.json"
    wanted = {
        "config": config.as_dict(),
        "corpus": corpus.name,
        "fingerprint": corpus.fingerprint,
        "image_policy": corpus.image_policy,
        "dev_classes": sorted(dev_classes(corpus.classes, config.dev_share)),
    }
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        differs = [key for key in wanted if found.get(key) != wanted[key]]
        if differs and (run / "backbone.safetensors").exists():
            raise RunError(
                f"{run} holds a run with another {' and '.join(differs)}; "
                "give another --name, or remove that folder"
            )
        if not differs:
            return found
        # It stopped before anything was learnt (at a mistyped encoder, say): the name is free.
        (run / "tokenizer.json").unlink(missing_ok=True)
    run.mkdir(parents=True, exist_ok=True)
    write_json(path, wanted)
    return wanted


def _train(
    model: MultiExpan,
    corpus: Corpus,
    config: FitConfig,
    parts: Parts,
    run: Path,
    device: str,
    report: Report,
) -> Progress:
    model.to(device)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad],
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        eps=config.adam_epsilon,
        fused=True,
    )
    at = _resume(run / "checkpoint.pt", model, optimizer)
    steps_an_epoch = math.ceil(len(parts.vocabulary) * config.draws / config.batch)
    neighbours = _neighbours(config, parts)
    while at.epoch < config.epochs and not _patience_over(at, config):
        steps = plan_epoch(parts.encoded, config, at.epoch, neighbours)
        loss = _run_epoch(
            model, optimizer, parts, config, steps, at, run, device, report, steps_an_epoch
        )
        warm = at.epoch < config.text_epochs
        scores = _dev_scores(model, corpus, config, parts, run, device, text_only=warm)
        at.history.append({"epoch": at.epoch, "loss": round(loss, 4), **scores})
        at.epoch, at.step, at.loss_sum = at.epoch + 1, 0, 0.0
        # Without dev classes the last epoch is kept; the last of the warm-up only until then.
        score = -1.0 if warm else scores.get("dev", float(at.epoch))
        if warm or score > at.best:
            at.best, at.best_epoch = score, at.epoch
            save_model(run, model, config, "best.safetensors")
        _save(run / "checkpoint.pt", model, optimizer, at)
        report("epoch", at.epoch, config.epochs, _line(at.history[-1]))
    return at


def _patience_over(at: Progress, config: FitConfig) -> bool:
    idle = at.epoch - max(at.best_epoch, config.text_epochs)
    return 0 < config.patience <= idle


def _line(entry: dict[str, Any]) -> str:
    shown = (f"{key} {value}" for key, value in entry.items() if key != "epoch")
    return ", ".join(shown)


def _run_epoch(
    model: MultiExpan,
    optimizer: torch.optim.Optimizer,
    parts: Parts,
    config: FitConfig,
    steps: Sequence[Step],
    at: Progress,
    run: Path,
    device: str,
    report: Report,
    steps_an_epoch: int,
) -> float:
    """Run the epoch's steps from `at.step` on; returns the epoch's mean loss."""
    saved, begun, seen = time.monotonic(), time.monotonic(), 0
    _mode(model, config)
    for number in range(at.step, len(steps)):
        step = steps[number]
        _set_rate(optimizer, config, at.epoch * steps_an_epoch + number, steps_an_epoch)
        loss = _step(model, optimizer, parts, config, step, device)
        at.step, at.loss_sum, seen = number + 1, at.loss_sum + loss, seen + len(step.rows)
        rate = seen / max(time.monotonic() - begun, 1e-9)
        note = f"epoch {at.epoch + 1}, loss {loss:.3f}, {rate:.0f} contexts/s"
        done = at.epoch * steps_an_epoch + number + 1
        report("masked-entity prediction", done, config.epochs * steps_an_epoch, note)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(run / "checkpoint.pt", model, optimizer, at)
            saved = time.monotonic()
    return at.loss_sum / max(len(steps), 1)


def _mode(model: MultiExpan, config: FitConfig) -> None:
    """Training mode; a pretrained text encoder keeps its dropout off, as in the release."""
    model.train()
    if config.text_encoder:
        model.text.eval()


def _step(
    model: MultiExpan,
    optimizer: torch.optim.Optimizer,
    parts: Parts,
    config: FitConfig,
    step: Step,
    device: str,
) -> float:
    batch = _batch(parts, step)
    arguments = {key: value.to(device) for key, value in batch.arguments.items()}
    if config.word_dropout:
        arguments["text_mask"] = drop_words(arguments, config.word_dropout)
    with torch.autocast(device, torch.bfloat16, enabled=device.startswith("cuda")):
        log_prob = model(**arguments)
    loss = masked_entity_loss(log_prob, batch.entity.to(device), config.smoothing)
    if not torch.isfinite(loss):
        raise RunError("the loss is not a number; try a smaller --learning-rate")
    optimizer.zero_grad()
    loss.backward()
    if config.clip:
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
    optimizer.step()
    return float(loss.detach())


def _batch(parts: Parts, step: Step) -> Batch:
    encoded = parts.encoded.take(step.rows)
    encoded.image[:] = step.images
    return collate(encoded, np.arange(len(step.rows)), step.modality, parts.features, step.places)


def drop_words(arguments: dict[str, torch.Tensor], most: float) -> torch.Tensor:
    """The text mask with some keys hidden; the mask token itself is always seen.

    Each row draws its own share from 0 to `most`: beside nearly bare sentences the model has to
    read the picture, beside whole ones it need not, and it learns to weigh the two.
    """
    seen = arguments["text_mask"]
    share = most * torch.rand(len(seen), 1, device=seen.device)
    keep = seen & (torch.rand(seen.shape, device=seen.device) >= share)
    rows = torch.arange(len(seen), device=seen.device)
    keep[rows, arguments["mask_at"]] = True
    return keep


def plan_epoch(
    encoded: Encoded, config: FitConfig, epoch: int, neighbours: NDArray[np.int64]
) -> list[Step]:
    """The steps of an epoch, from (seed, epoch) alone."""
    rng = np.random.default_rng([config.seed, epoch])
    rows = draw_epoch(encoded.entity, config.draws, rng)
    batches = bucketed(rows, encoded.lengths, config.batch, rng)
    shares = (1 - config.text_share - config.image_share, config.text_share, config.image_share)
    if epoch < config.text_epochs:
        shares = (0.0, 1.0, 0.0)
    scarce = few_pictures(encoded)
    return [_plan_step(encoded, config, part, shares, neighbours, scarce, rng) for part in batches]


def _plan_step(
    encoded: Encoded,
    config: FitConfig,
    rows: NDArray[np.int64],
    shares: tuple[float, float, float],
    neighbours: NDArray[np.int64],
    scarce: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Step:
    modality = MODALITIES[int(rng.choice(3, p=shares))]
    if modality == "image":
        pictured = rows[encoded.image[rows] >= 0]
        rows, modality = (pictured, "image") if len(pictured) else (rows, "text")
    images = swap_pictures(encoded.image[rows], neighbours, config.neighbour_share, rng)
    images = np.where(scarce[encoded.entity[rows]], images, encoded.image[rows])
    return Step(rows, modality, random_places(config.keep_patches, rng), images)


def few_pictures(encoded: Encoded) -> NDArray[np.bool_]:
    """Whether an entity has no more than `FEW` different pictures: bool, by vocabulary position."""
    pairs = np.unique(np.stack([encoded.entity, encoded.image], axis=1), axis=0)
    seen = pairs[pairs[:, 1] >= 0, 0]
    return np.bincount(seen, minlength=int(encoded.entity.max()) + 1) <= FEW


def swap_pictures(
    images: NDArray[np.int64],
    neighbours: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Some pictures replaced by one of their nearest: a picture then names no single entity.

    Where an entity has one or two pictures the model would learn them by heart, and the rest of
    its distribution would say nothing (docs/decisions/0002-small-data.md).
    """
    if not share or not neighbours.size:
        return images
    swap = (rng.random(len(images)) < share) & (images >= 0)
    chosen = neighbours[np.maximum(images, 0), rng.integers(neighbours.shape[1], size=len(images))]
    return np.where(swap, chosen, images)


def _neighbours(config: FitConfig, parts: Parts) -> NDArray[np.int64]:
    """Nearest pictures by mean patch feature, for every row of the feature store."""
    # The store may hold other corpora's pictures too: they are nobody's neighbours here.
    used = np.unique(parts.encoded.image[parts.encoded.image >= 0])
    if not config.neighbours or len(used) < 2:
        return np.empty((0, 0), dtype=np.int64)
    blocks = [
        parts.features(used[start : start + 256]).astype(np.float32).mean(axis=1)
        for start in range(0, len(used), 256)
    ]
    nearest = used[nearest_pictures(np.concatenate(blocks), config.neighbours)]
    table = np.zeros((len(parts.features.row_of), nearest.shape[1]), dtype=np.int64)
    table[used] = nearest
    return table


def _set_rate(
    optimizer: torch.optim.Optimizer, config: FitConfig, step: int, steps_an_epoch: int
) -> None:
    rate = config.learning_rate
    if config.schedule == "cosine":
        rate *= cosine_schedule(step, config.epochs * steps_an_epoch)
    for group in optimizer.param_groups:
        group["lr"] = rate


def cosine_schedule(step: int, total: int, warm: float = 0.1) -> float:
    """Linear rise over the first tenth, then half a cosine down to 1 %."""
    done = (step + 1) / max(total, 1)
    if done < warm:
        return done / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((done - warm) / (1 - warm), 1.0)))


def _dev_scores(
    model: MultiExpan,
    corpus: Corpus,
    config: FitConfig,
    parts: Parts,
    run: Path,
    device: str,
    text_only: bool,
) -> dict[str, Any]:
    """Dev-class Avg of each modality by window search and cosine; `dev` chooses the epoch.

    Empty where the corpus has no dev classes with queries: then the last epoch is kept.
    """
    classes = sorted(dev_classes(corpus.classes, config.dev_share))
    queries = query_set(corpus, parts.vocabulary, classes, 3)
    if not len(queries):
        return {}
    found: dict[str, Any] = {}
    modalities = ("text",) if text_only else MODALITIES
    for modality, index in quick_indexes(model, parts, run, device, modalities):
        window = score_index(index, queries, "window").average
        cosine = score_index(index, queries, "cosine").average
        found[modality] = f"{window:.1f}/{cosine:.1f}"
        if "dev" not in found:  # the first is text and image together, where there are images
            found["dev"] = round((window + cosine) / 2, 2)
            sharp = sharpness(index)
            found["own"], found["rest"] = round(sharp.own, 3), round(sharp.entropy, 2)
    return found


def quick_indexes(
    model: MultiExpan, parts: Parts, run: Path, device: str, modalities: Sequence[str]
) -> Iterator[tuple[str, EntityIndex]]:
    """Each modality's index over at most `DEV_CONTEXTS` contexts an entity."""
    encoded = parts.encoded.take(_first_contexts(parts.encoded.entity, DEV_CONTEXTS))
    for modality in modalities:
        if modality != "text" and (encoded.image < 0).all():
            continue
        work = run / "dev"
        shutil.rmtree(work, ignore_errors=True)
        yield modality, represent(model, encoded, modality, parts.features, work, device)
        shutil.rmtree(work, ignore_errors=True)


def _first_contexts(entity: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Rows of the first `most` contexts of every entity, spread over its list."""
    order = np.argsort(entity, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(entity[order])) + 1)
    picked = [g[np.unique(np.linspace(0, len(g) - 1, most).astype(int))] for g in groups]
    return np.concatenate(picked)


def _save(path: Path, model: MultiExpan, optimizer: torch.optim.Optimizer, at: Progress) -> None:
    save_checkpoint(
        path,
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "progress": json.dumps(vars(at)),
        },
    )


def _resume(path: Path, model: MultiExpan, optimizer: torch.optim.Optimizer) -> Progress:
    if not path.exists():
        return Progress()
    state = load_checkpoint(path)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["torch_rng"])
    if torch.cuda.is_available() and state.get("cuda_rng"):
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    return Progress(**json.loads(state["progress"]))
