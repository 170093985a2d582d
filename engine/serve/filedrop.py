"""Files dropped into a folder: backfills of vendor messages, and records for flows with a file trigger.

``<drop>/<connection>/*.jsonl`` holds one vendor message a line (``*.json``: one, or an array of them); they
go the same way as webhooks, so an invoice that came before is absorbed. ``<drop>/<folder>/*.csv`` holds
records for flows whose trigger names the folder. A file is taken when its size has stopped changing, all of
it is committed before it is moved to ``done/``, and a line that cannot be read goes to the invalid channel.
"""

from __future__ import annotations

import asyncio
import csv
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.crashpoint import reach
from engine.base.errors import Failure
from engine.base.identity import digest_bytes, json_bytes
from engine.connect.webhook import describe
from engine.source.json_payload import parse_json
from engine.store.batch import Arrival
from engine.store.inbox import partition_of

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon
    from engine.serve.intake import Intake

log = logging.getLogger("tieout.filedrop")

POLL_SECONDS = 0.5
FILE_BYTES_MAX = 256 * 1024 * 1024
COMMITS_AT_ONCE = 256


class FileDrop:
    """Watches the drop folder of a daemon."""

    def __init__(self, daemon: Daemon, intake: Intake) -> None:
        self._daemon = daemon
        self._intake = intake
        self._sizes: dict[Path, tuple[int, int]] = {}

    async def run(self) -> None:
        """Look twice a second, for ever."""
        while True:
            await self.tick()
            await asyncio.sleep(POLL_SECONDS)

    async def tick(self) -> None:
        """Take every file that has been whole since the last look. One that cannot be taken now stays where it is, and
        harms no other."""
        try:
            whole = self._whole()
        except OSError as error:
            log.error("drop_not_read", extra={"reason": str(error)})
            return
        for path in whole:
            try:
                await self._take(path)
            except OSError as error:
                log.error("file_not_taken", extra={"file": _shown(path), "reason": str(error)})

    def _whole(self) -> list[Path]:
        folder = self._daemon.settings.drop_folder
        if not folder.is_dir():
            return []
        sizes: dict[Path, tuple[int, int]] = {}
        whole = []
        for path in sorted(folder.glob("*/*")):
            if path.suffix not in (".jsonl", ".json", ".csv") or not path.is_file():
                continue
            found = path.stat()
            sizes[path] = (found.st_size, found.st_mtime_ns)
            if self._sizes.get(path) == sizes[path]:
                whole.append(path)
        self._sizes = sizes
        return whole

    async def _take(self, path: Path) -> None:
        if path.stat().st_size > FILE_BYTES_MAX:
            self._move(path, "refused")
            log.error("file_too_large", extra={"file": path.name, "bytes_max": FILE_BYTES_MAX})
            return
        if _shown(path) != path.name:
            self._move(path, "refused")
            log.error("file_name_not_utf8", extra={"file": _shown(path)})
            return
        content = await asyncio.to_thread(path.read_bytes)
        pending: list[Any] = []
        stored = 0
        for arrival, parsed in self._arrivals(path, content.removeprefix(b"\xef\xbb\xbf")):
            pending.append(self._intake.store(arrival, parsed))
            if len(pending) >= COMMITS_AT_ONCE:
                stored += await self._commit(pending)
                pending = []
        stored += await self._commit(pending)
        if stored < 0:
            return
        reach("CP-24")
        self._move(path, "done")
        log.info("file_taken", extra={"file": path.name, "messages": stored})

    @staticmethod
    async def _commit(pending: list[Any]) -> int:
        outcomes = await asyncio.gather(*pending)
        # One message that could not be committed keeps the file in place; what was stored is a duplicate next time.
        return -1_000_000_000 if any(outcome is None for outcome in outcomes) else len(outcomes)

    def _move(self, path: Path, to: str) -> None:
        folder = path.parent / to
        folder.mkdir(exist_ok=True)
        target = folder / path.name
        number = 1
        while target.exists():
            number += 1
            target = folder / f"{path.stem}.{number}{path.suffix}"
        path.rename(target)
        self._sizes.pop(path, None)

    def _arrivals(self, path: Path, content: bytes) -> Iterator[tuple[Arrival, Any]]:
        if path.suffix == ".csv":
            yield from self._records(path, content)
            return
        connection = path.parent.name
        plan = self._daemon.plan.connections.get(connection)
        profile = None if plan is None or plan.manifest is None else plan.manifest.webhook
        if profile is None:
            yield self._invalid(path, 1, content, f"no connection {connection!r} takes messages"), None
            return
        for number, raw in _messages(path.suffix, content):
            try:
                parsed = parse_json(raw)
                described = describe(profile, parsed, {})
            except Failure as failure:
                yield self._invalid(path, number, raw, failure.message), None
                continue
            yield self._arrival(connection, described.id, raw, "vendor", described.type, described.key), parsed

    def _records(self, path: Path, content: bytes) -> Iterator[tuple[Arrival, Any]]:
        folder = path.parent.name
        name = digest_bytes(content)[:16]
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            yield self._invalid(path, 1, content, "the file is not UTF-8"), None
            return
        reader = csv.DictReader(io.StringIO(text, newline=""))
        for record in self._readable(reader):
            number = reader.line_num
            if isinstance(record, str):
                yield self._invalid(path, number, content, f"the table cannot be read on: {record}"), None
                return
            if None in record or None in record.values():
                raw = json_bytes({str(key): value for key, value in record.items()})
                yield self._invalid(path, number, raw, "the line does not have as many cells as the header"), None
                continue
            message = {"subject": f"{path.name}:{number}", "data": record}
            yield self._arrival(folder, f"{name}:{number}", json_bytes(message), "file", f"file:{folder}", folder), None

    @staticmethod
    def _readable(reader: csv.DictReader[str]) -> Iterator[dict[str, str] | str]:
        """The records of a table; why it cannot be read on comes last."""
        try:
            yield from reader
        except csv.Error as error:
            yield str(error)

    def _arrival(self, source: str, id_: str, body: bytes, kind: str, type_: str, key: str) -> Arrival:
        daemon = self._daemon
        return Arrival(
            daemon.identity.new(), source, id_, digest_bytes(body), kind, type_, partition_of(key), key, body, "", None,
            daemon.clock.now(),
        )  # fmt: skip

    def _invalid(self, path: Path, number: int, raw: bytes, reason: str) -> Arrival:
        self._intake.invalid += 1
        content = digest_bytes(raw)
        daemon = self._daemon
        return Arrival(
            daemon.identity.new(), path.parent.name, f"{path.name}:{number}:{content[:16]}", content, "file", "",
            partition_of(content), content, raw, "", None, daemon.clock.now(), "invalid",
            f"{path.name} line {number}: {reason}",
        )  # fmt: skip


def _shown(path: Path) -> str:
    """The file's name as text that can be stored and logged."""
    return path.name.encode("utf-8", "replace").decode()


def _messages(suffix: str, content: bytes) -> Iterator[tuple[int, bytes]]:
    """(line, raw message) of a file: a message a line, or one JSON value that is a message or an array of them."""
    if suffix == ".jsonl":
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                yield number, line
        return
    try:
        value = parse_json(content, size_max=FILE_BYTES_MAX)
    except Failure:
        yield 1, content
        return
    if isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield number, json_bytes(each)
    else:
        yield 1, content
