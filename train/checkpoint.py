"""Writing a run's state so that a kill at any moment leaves a usable file.

A file is written beside its place, flushed to disk, and renamed (`mese.bundle.publish`).
Checkpoints are read with `weights_only=True`: tensors, numbers, lists and
dictionaries, nothing that can run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from mese.publishing import publish


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as stream:
        torch.save(state, stream)
    publish(part, path)


def load_checkpoint(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def save_weights(path: Path, module: nn.Module, half: bool = False) -> None:
    """A module's weights as safetensors, optionally in half precision."""
    state = {key: value.detach().cpu().contiguous() for key, value in module.state_dict().items()}
    if half:
        state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    part = path.with_name(path.name + ".part")
    save_file(state, part)
    publish(part, path)
