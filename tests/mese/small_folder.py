"""A MESED folder of seven entities, for the tests of the format."""

from __future__ import annotations

import json
from pathlib import Path


def line(entity: int, *tokens: str, **more: object) -> str:
    mention = {"entityId": entity, "start": 0, "end": 0}
    return json.dumps({"tokens": tokens, "entityMentions": [mention], **more})


def make_folder(folder: Path) -> Path:
    """The smallest folder of the authors' layout: two classes, one entity in none."""
    files = {
        "entity2id.txt": "".join(f"name {n}\t{n}\n" for n in range(7)),
        "sentences.json": "".join(
            line(n, "a", "b", image=f"{n}.jpg", sentId=n) + "\n" for n in range(7)
        ),
        "gt/Cats.txt": "0\tname 0\t1\n1\tname 1\t2\n2\tname 2\t1\n6\tname 6\t0\n",
        "gt/Dogs.txt": "2\tname 2\t1\n3\tname 3\t1\n4\tname 4\t1\n5\tname 5\t1\n1\tname 1\t1\n",
        "query/Cats.txt": "0 1 2\nEXIT\nnot read\n",
        "query/Dogs.txt": "3 4 5\n5 4 2\n",
        "query_seed=5/Dogs.txt": "1 2 3 4 5\nEXIT\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder
