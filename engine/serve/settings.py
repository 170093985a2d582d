"""How a daemon is to run: every setting with its default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Settings of one daemon. Bytes and seconds as named."""

    root: Path
    state: Path
    host: str = "127.0.0.1"
    port: int = 8080
    store: str = ""  # empty: a SQLite file in the state folder
    environment: str = "development"
    drop: Path | None = None
    watch: bool = True
    work: bool = True
    body_bytes_max: int = 1_048_576
    intake_waiting_max: int = 20_000
    drain_seconds: float = 20.0
    log_level: str = "info"
    checkpoint_seconds: float = 300.0
    lease_seconds: int = 30

    @property
    def store_url(self) -> str:
        return self.store or str(self.state / "store.db")

    @property
    def token_file(self) -> Path:
        return self.state / "api.token"

    @property
    def drop_folder(self) -> Path:
        return self.drop or self.state / "drop"
