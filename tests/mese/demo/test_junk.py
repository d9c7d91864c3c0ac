"""Junk pictures: sixty, all different, the same on every call, of the canvas's size."""

from __future__ import annotations

import random
from pathlib import PurePosixPath

import numpy as np
import pytest

from mese.demo import junk
from mese.demo.plan import picture_of
from mese.demo.surfaces import CANVAS


def drawn(name: str) -> np.ndarray:
    image = junk.paint(name, random.Random(f"junk:{name}"))
    assert image.mode == "RGB"
    return np.asarray(image)


def test_there_are_sixty_with_paths_of_their_own() -> None:
    paths = [picture_of(junk.junk(), subject, "found").path for subject in junk.junk().subjects]
    assert len(set(paths)) == len(junk.names()) == 60
    assert all(PurePosixPath(path).parts[:2] == ("images", "junk") for path in paths)


def test_all_differ_and_repeat() -> None:
    pictures = {name: drawn(name) for name in junk.names()}
    assert all(picture.shape == (CANVAS, CANVAS, 3) for picture in pictures.values())
    assert len({picture.tobytes() for picture in pictures.values()}) == 60
    for name in list(pictures)[::7]:
        assert np.array_equal(pictures[name], drawn(name))


def test_none_is_of_one_colour() -> None:
    assert all(drawn(name).std() > 8 for name in junk.names())


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError, match="no junk picture 'hills-9'"):
        junk.paint("hills-9", random.Random(1))
