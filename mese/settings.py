"""The one list of settings: the environment is read by it, the README's table is tested against it.

Every setting is read from an environment variable `MESE_<NAME>`. Settings are passed on from the
door (a command or a page); nothing deeper reads the environment.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of MESE Studio; a bad value raises `pydantic.ValidationError` that names it."""

    model_config = SettingsConfigDict(env_prefix="MESE_", extra="ignore")

    home: Path = Field(
        default=Path("data"), description="Folder that holds everything a user makes."
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL of the store; empty: the SQLite file mese.db in the home.",
    )
    address: str = Field(default="127.0.0.1", description="Address that the app listens on.")
    port: int = Field(default=8501, ge=1, le=65535, description="Port that the app listens on.")
    bundle: str = Field(
        default="",
        description="Bundle that the app uses, by name or folder; empty: the newest that fits.",
    )
    device: str = Field(
        default="auto",
        pattern=r"^(auto|cpu|cuda(:\d+)?)$",
        description="Where models run: auto, cpu, cuda, or one of several, as cuda:1.",
    )
    max_pixels: int = Field(
        default=50_000_000,
        ge=1,
        description="Largest image that is opened, in pixels (width × height).",
    )

    @field_validator("home")
    @classmethod
    def _nameable(cls, home: Path) -> Path:
        # A URL is UTF-8, and so is what the store keeps of its images' place.
        try:
            str(home.absolute()).encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                f"the folder {str(home.absolute())!a} has a name that is not UTF-8; "
                "name another folder"
            ) from error
        return home

    @property
    def store_url(self) -> str:
        """The store's SQLAlchemy URL; a home may hold what would end or change a URL's path."""
        file = str((self.home / "mese.db").absolute())
        return self.database_url or f"sqlite:///{quote(file, safe='/ ')}"

    @property
    def bundles(self) -> Path:
        return self.home / "bundles"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    @property
    def features(self) -> Path:
        return self.home / "features"

    @property
    def views(self) -> Path:
        """Indexes that bundles lack and this machine made (`train.views`)."""
        return self.home / "views"

    @property
    def thumbnails(self) -> Path:
        return self.home / "thumbnails"

    @property
    def open_seeds(self) -> Path:
        """Where the images of open seeds are kept."""
        return self.home / "open_seeds"

    @property
    def demo_corpus(self) -> Path:
        """Where the embedded corpus is built: its MESED folder with the drawn images."""
        return self.home / "demo"
