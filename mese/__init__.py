"""The science of Multi-modal Entity Set Expansion: knows nothing of Streamlit or SQL.

import mese
engine = mese.Engine.load("mese/demo/bundle")
engine.expand(engine.seeds("Chicago", "Boston", "Seattle"), mese.Options(size=20))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mese.engine import Engine, Options

__all__ = ["Engine", "Options"]


def __getattr__(name: str) -> Any:
    """The engine, imported when it is asked for: most modules here need nothing of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mese import engine

    return getattr(engine, name)
