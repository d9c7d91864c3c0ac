"""Which device a model runs on: `MESE_DEVICE`'s words (auto, cpu, cuda, cuda:NUMBER) for torch's.

A device that is asked for and not here is refused, never replaced in silence: on a machine that is
shared, `cpu` may be the only one that is left to us.
"""

from __future__ import annotations

AUTO = "auto"


def choose_device(wanted: str = AUTO) -> str:
    """The device by torch's name, `auto` being the GPU where torch can use one.

    Raises ValueError for a GPU that torch does not find here.
    """
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == AUTO:
        return "cuda" if gpus else "cpu"
    if not is_gpu(wanted):
        return wanted
    if not gpus:
        raise ValueError(f"torch finds no GPU here, so nothing runs on {wanted!r}; use cpu")
    if int(wanted.partition(":")[2] or 0) >= gpus:
        last = f"cuda:0 to cuda:{gpus - 1}" if gpus > 1 else "cuda:0 alone"
        raise ValueError(f"there is no {wanted!r} here; torch finds {last}")
    return wanted


def is_gpu(device: str) -> bool:
    """Whether a device's name is a GPU's: `cuda` or `cuda:1`."""
    return device.partition(":")[0] == "cuda"
