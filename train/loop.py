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
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mese.corpus import Corpus
from mese.encoding import Batch, collate
from mese.images import MAX_PIXELS
from mese.model import MultiExpan
from mese.publishing import write_json
from train.build import Parts, Report, check_encoder, new_model, prepare, save_model
from train.checkpoint import load_checkpoint, save_checkpoint
from train.dev_scores import dev_scores
from train.objectives import masked_entity_loss
from train.plan import Step, drop_words, neighbours_of, plan_epoch
from train.presets import FitConfig
from train.split import dev_classes
from train.targets import Targets

CHECKPOINT_SECONDS = 60.0

DAMAGED = (RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError)
"""What reading a checkpoint raises that was cut, overwritten or is another program's."""


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


def fit(
    corpus: Corpus,
    config: FitConfig,
    run: Path,
    features: Path,
    device: str,
    report: Report,
    max_pixels: int = MAX_PIXELS,
    command: str = "",
) -> dict[str, Any]:
    """Train in the folder `run`, or go on with what is there; returns the run's summary.

    Leaves run.json (configuration, corpus, history), tokenizer.json, backbone.safetensors,
    model.json and best.safetensors. Raises `RunError` when the folder holds another run.
    """
    check_encoder(config)
    run.mkdir(parents=True, exist_ok=True)
    with alone(run):
        return _fit(corpus, config, run, features, device, report, max_pixels, command)


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
    max_pixels: int,
    command: str,
) -> dict[str, Any]:
    summary = _claim(run, corpus, config)
    if summary.get("finished"):
        return summary
    parts = prepare(corpus, config, run, features, device, report, max_pixels)
    model = new_model(config, parts)
    trained = _train(model, corpus, config, parts, run, device, report)
    summary |= {
        "finished": True,
        "command": command,
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
        found = read_summary(run)
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


def read_summary(run: Path) -> dict[str, Any]:
    """A run's run.json. Raises `RunError` when it is damaged."""
    path = run / "run.json"
    mend = f"remove the folder {run} and train it again"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RunError(f"{path} is damaged ({error}); {mend}") from error
    if not isinstance(found, dict):
        raise RunError(f"{path} is not a run's summary; {mend}")
    return found


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
        _groups(model, config),
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        eps=config.adam_epsilon,
        fused=True,
    )
    targets = Targets(corpus, config, parts, device)
    at = _resume(run / "checkpoint.pt", model, optimizer, targets)
    steps_an_epoch = math.ceil(len(parts.vocabulary) * config.draws / config.batch)
    neighbours = neighbours_of(config, parts)
    while at.epoch < config.epochs and not _patience_over(at, config):
        if at.epoch > config.alone_epochs:  # one epoch of both is over
            targets.renew(model, run / "reading")
        steps = plan_epoch(parts.encoded, config, at.epoch, neighbours)
        loss = _run_epoch(
            model, optimizer, parts, config, steps, at, run, device, report, steps_an_epoch, targets
        )
        warm = at.epoch < config.alone_epochs
        scores = dev_scores(model, corpus, config, parts, run, device, alone=warm)
        at.history.append({"epoch": at.epoch, "loss": round(loss, 4), **scores})
        at.epoch, at.step, at.loss_sum = at.epoch + 1, 0, 0.0
        # Without dev classes the last epoch is kept; the last of the warm-up only until then.
        score = -1.0 if warm else scores.get("dev", float(at.epoch))
        if warm or score > at.best:
            at.best, at.best_epoch = score, at.epoch
            save_model(run, model, config, "best.safetensors")
        _save(run / "checkpoint.pt", model, optimizer, at, targets)
        report("epoch", at.epoch, config.epochs, _line(at.history[-1]))
    return at


def _groups(model: MultiExpan, config: FitConfig) -> list[dict[str, Any]]:
    """What is trained, with its `share` of the learning rate: a pretrained encoder's is its own."""
    pretrained = {id(p) for p in model.text.parameters()} if config.text_encoder else set()
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if id(p) not in pretrained], "share": 1.0},
        {"params": [p for p in trained if id(p) in pretrained], "share": config.pretrained_rate},
    ]
    return [group for group in groups if group["params"]]


def _patience_over(at: Progress, config: FitConfig) -> bool:
    idle = at.epoch - max(at.best_epoch, config.alone_epochs)
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
    targets: Targets,
) -> float:
    """Run the epoch's steps from `at.step` on; returns the epoch's mean loss."""
    saved, begun, seen = time.monotonic(), time.monotonic(), 0
    _mode(model, config)
    for number in range(at.step, len(steps)):
        step = steps[number]
        _set_rate(optimizer, config, at.epoch * steps_an_epoch + number, steps_an_epoch)
        loss = _step(model, optimizer, parts, config, step, device, targets)
        at.step, at.loss_sum, seen = number + 1, at.loss_sum + loss, seen + len(step.rows)
        rate = seen / max(time.monotonic() - begun, 1e-9)
        note = f"epoch {at.epoch + 1}, loss {loss:.3f}, {rate:.0f} contexts/s"
        done = at.epoch * steps_an_epoch + number + 1
        report("masked-entity prediction", done, config.epochs * steps_an_epoch, note)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            _save(run / "checkpoint.pt", model, optimizer, at, targets)
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
    targets: Targets,
) -> float:
    batch = _batch(parts, step)
    arguments = {key: value.to(device) for key, value in batch.arguments.items()}
    if config.word_dropout:
        arguments["text_mask"] = drop_words(arguments, config.word_dropout)
    with torch.autocast(device, torch.bfloat16, enabled=device.startswith("cuda")):
        log_prob = model(**arguments)
    entity = batch.entity.to(device)
    alike = targets.alike(step.modality, entity)
    loss = masked_entity_loss(log_prob, entity, config.smoothing, alike)
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


def _set_rate(
    optimizer: torch.optim.Optimizer, config: FitConfig, step: int, steps_an_epoch: int
) -> None:
    rate = config.learning_rate
    if config.schedule == "cosine":
        rate *= cosine_schedule(step, config.epochs * steps_an_epoch)
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def cosine_schedule(step: int, total: int, warm: float = 0.1) -> float:
    """Linear rise over the first tenth, then half a cosine down to 1 %."""
    done = (step + 1) / max(total, 1)
    if done < warm:
        return done / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min((done - warm) / (1 - warm), 1.0)))


def _save(
    path: Path,
    model: MultiExpan,
    optimizer: torch.optim.Optimizer,
    at: Progress,
    targets: Targets,
) -> None:
    save_checkpoint(
        path,
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "torch_rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "progress": json.dumps(vars(at)),
            "targets": targets.state(),
        },
    )


def _resume(
    path: Path, model: MultiExpan, optimizer: torch.optim.Optimizer, targets: Targets
) -> Progress:
    if not path.exists():
        return Progress()
    try:
        state = load_checkpoint(path)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        targets.load(state.get("targets", {}))
        torch.set_rng_state(state["torch_rng"])
        if torch.cuda.is_available() and state.get("cuda_rng"):
            torch.cuda.set_rng_state_all(state["cuda_rng"])
        return Progress(**json.loads(state["progress"]))
    except DAMAGED as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise RunError(
            f"{path} is damaged ({reason}); remove it to train this run from its beginning"
        ) from error
