"""Checkpoints come back whole, replace their forerunner in one move, and run nothing."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import train.checkpoint
from mese.bundle_model import load_weights
from train.checkpoint import load_checkpoint, save_checkpoint, save_weights


def module(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    model = module(0)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(5, 3)).sum().backward()
    optimizer.step()
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "note": "[1, 2]"}
    save_checkpoint(tmp_path / "c.pt", state)
    found = load_checkpoint(tmp_path / "c.pt")
    assert found["note"] == "[1, 2]"
    for name, value in model.state_dict().items():
        assert torch.equal(found["model"][name], value)
    again = torch.optim.AdamW(model.parameters())
    again.load_state_dict(found["optimizer"])
    one, other = optimizer.state_dict()["state"], again.state_dict()["state"]
    assert all(torch.equal(one[n]["exp_avg"], other[n]["exp_avg"]) for n in one)


def test_a_kill_while_writing_leaves_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_checkpoint(tmp_path / "c.pt", {"epoch": 1})

    def half(_: object, stream: object) -> None:
        assert hasattr(stream, "write")
        stream.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(train.checkpoint.torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path / "c.pt", {"epoch": 2})
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "c.pt") == {"epoch": 1}


class Boom:
    """A pickle that would make a file."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("boom"),)  # type: ignore[return-value]


def test_a_checkpoint_that_would_run_something_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"x": Boom()}, tmp_path / "c.pt")
    with pytest.raises(pickle.UnpicklingError):
        load_checkpoint(tmp_path / "c.pt")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("half", [False, True])
def test_weights_come_back_in_the_modules_precision(tmp_path: Path, half: bool) -> None:
    saved, loaded = module(0), module(1)
    save_weights(tmp_path / "w.safetensors", saved, half)
    kinds = {value.dtype for value in load_file(tmp_path / "w.safetensors").values()}
    assert kinds == {torch.float16 if half else torch.float32, torch.int64}
    load_weights(tmp_path / "w.safetensors", loaded)
    for name, value in loaded.state_dict().items():
        wanted = saved.state_dict()[name]
        assert value.dtype == wanted.dtype
        torch.testing.assert_close(
            value, wanted, rtol=1e-3 if half else 0, atol=1e-4 if half else 0
        )


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    save_weights(tmp_path / "w.safetensors", module(0))
    with pytest.raises(RuntimeError, match="size mismatch"):
        load_weights(tmp_path / "w.safetensors", nn.Sequential(nn.Linear(3, 5), nn.BatchNorm1d(5)))
