"""What the tests of the science share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Tensors here are so small that threads only wait for one another."""
    import torch

    torch.set_num_threads(1)
