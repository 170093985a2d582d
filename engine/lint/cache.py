"""Keeps what lint found by the content of everything that it depends on, and answers from that without compiling.

An answer depends on the files of the workspace, the program, the connectors that are used, the variables that fill in
their settings, and the day, by which suppressions end. All of them must be as they were; whatever cannot be read, or
was not written by this program, is as if it were not there.
"""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from engine.base.clock import Clock, SystemClock
from engine.base.record import frozen
from engine.lint.report import LintReport
from engine.lint.stored import restored, stored
from engine.source.diagnostic import Diagnostics
from engine.spec.files import WORKSPACE_FILE, Files
from engine.spec.paths import inside
from engine.spec.stamps import stamp_of_folder

#: Below the state folder.
FOLDER = "cache/lint"
FORMAT = 1
#: How many forms of the workspace file, and how many answers to each, are kept; the latest stay.
FORMS_MAX, ANSWERS_MAX = 16, 8
#: More findings than anybody reads are not kept.
FINDINGS_MAX = 2_000
_MICROSECONDS_A_DAY = 86_400_000_000
#: Findings about files that lie outside the folders of the workspace, or may: they are looked for again each time.
_ELSEWHERE = frozenset({"SPEC102", "SPEC201"})


def lint_cached(
    root: Path,
    state: Path,
    environment: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    *,
    beside: bool = False,
) -> LintReport:
    """What :func:`engine.lint.runner.lint` finds, from the cache in the state folder where it is there.

    With ``beside`` it may copy the process, which then has to be the caller's alone.
    """
    time = clock or SystemClock()
    began = time.monotonic()
    known = os.environ if environment is None else environment
    cache = _Cache(root, state / FOLDER, time.now() // _MICROSECONDS_A_DAY)
    state_before = cache.workspace()
    if state_before is not None:
        answer = cache.answer(state_before, known)
        if answer is not None:
            return LintReport(*answer, time.monotonic() - began)

    if beside:
        from engine.lint.beside import lint_beside as lint
    else:
        from engine.lint.runner import lint_watched as lint

    report, watched = lint(root, known, time)
    cache.keep(report, watched, state_before)
    return report


@frozen
class Watched:
    """What a check of the workspace depended on besides its own files: connectors' folders (None if one cannot be
    watched), and names of variables. ``folders`` are those of the workspace."""

    folders: tuple[str, ...]
    connectors: tuple[Path, ...] | None
    variables: Mapping[str, str | None]


@frozen
class _State:
    """The files of a workspace as they are now, by relative path, and the digest of it all."""

    digest: str
    files: Mapping[str, bytes]


class _Cache:
    """The answers kept in one folder about one workspace."""

    def __init__(self, root: Path, folder: Path, day: int) -> None:
        self._files = Files(root)
        self._folder = folder
        self._base = _digest([str(FORMAT), _program(), str(root.resolve()), str(day)])
        self._file: Path | None = None
        self._found: dict[str, Any] = {}
        self._head = b""

    def workspace(self) -> _State | None:
        """The workspace as it is now; None if nothing is known of one with this workspace file."""
        try:
            self._head = self._files.read(WORKSPACE_FILE)
        except OSError:
            return None
        self._file = self._folder / f"{_digest([self._base, hashlib.sha256(self._head).hexdigest()])}.json"
        self._found = _read(self._file)
        folders = self._found.get("folders")
        if not isinstance(folders, list):
            return None
        return self._state([str(each) for each in folders])

    def answer(self, state: _State, environment: Mapping[str, str]) -> tuple[Any, Mapping[str, str]] | None:
        """The findings and texts, if what was kept is about this very state."""
        for each in self._found.get("answers", ()):
            try:
                if each["digest"] == state.digest and _holds(each, environment):
                    texts = {path: state.files[path].decode(errors="replace") for path in each["paths"]}
                    return restored(each["findings"]), texts
            except (KeyError, TypeError, ValueError, OSError):
                continue
        return None

    def keep(self, report: LintReport, watched: Watched, before: _State | None) -> None:
        """Keep what was found, unless it is not sure what it depends on."""
        if self._file is None or watched.connectors is None or len(report.diagnostics) > FINDINGS_MAX:
            return
        if any(each.code in _ELSEWHERE for each in report.diagnostics):
            return
        try:
            state = self._state(watched.folders)
            if before is not None and before.digest != state.digest:
                return  # it was edited meanwhile
            if any(report.files[path] != state.files[path].decode(errors="replace") for path in report.files):
                return
            answer = {
                "digest": state.digest,
                "paths": list(report.files),
                "connectors": [[str(folder), stamp_of_folder(folder)] for folder in watched.connectors],
                "variables": {name: _of_value(value) for name, value in watched.variables.items()},
                "findings": stored(report.diagnostics),
            }
            others = [each for each in self._found.get("answers", ()) if each.get("digest") != state.digest]
            self._write({"folders": list(watched.folders), "answers": [answer, *others][:ANSWERS_MAX]})
        except (OSError, KeyError, AttributeError, TypeError):
            return  # a cache that cannot be written, or a workspace that cannot be read whole

    def _state(self, folders: Sequence[str]) -> _State:
        files: dict[str, bytes] = {WORKSPACE_FILE: self._head}
        found = Diagnostics()
        lines: list[str] = []
        for folder in folders:
            path = self._files.root / folder
            if not inside(self._files.root, path) or not path.is_dir():
                lines.append(f"no folder {folder}")
                continue
            for relative in self._files.below(folder, found):
                try:
                    files[relative] = self._files.read(relative)
                except OSError as error:
                    lines.append(f"{relative}: {error.strerror}")
        lines += [f"{each.code} {each.span} {each.message}" for each in found.sorted]
        lines += [f"{path} {hashlib.sha256(raw).hexdigest()}" for path, raw in files.items()]
        return _State(_digest([self._base, *lines]), files)

    def _write(self, value: Mapping[str, Any]) -> None:
        """Write as a whole or not at all; the oldest of too many files go."""
        assert self._file is not None
        self._folder.mkdir(parents=True, exist_ok=True)
        ignored = self._folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("# Made by lint; it can be deleted.\n*\n", "utf-8")
        content = orjson.dumps(value)
        new = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        new.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        new.replace(self._file)
        for old in sorted(self._folder.glob("*.json"), key=_age)[FORMS_MAX:]:
            old.unlink(missing_ok=True)


def _age(file: Path) -> int:
    """Less for younger ones; one that is gone meanwhile is the oldest."""
    try:
        return -file.stat().st_mtime_ns
    except OSError:
        return 0


def _read(file: Path) -> dict[str, Any]:
    """What a file of the cache says; nothing if it is not whole."""
    try:
        digest, _, content = file.read_bytes().partition(b"\n")
        if hashlib.sha256(content).hexdigest().encode() != digest:
            return {}
        value = orjson.loads(content)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _holds(answer: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Whether connectors and variables are as they were."""
    return all(stamp_of_folder(Path(folder)) == stamp for folder, stamp in answer["connectors"]) and all(
        _of_value(environment.get(name)) == digest for name, digest in answer["variables"].items()
    )


def _of_value(value: str | None) -> str | None:
    """A variable's value is compared, not kept."""
    return None if value is None else _digest([value])


def _digest(lines: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()


def _program() -> str:
    """A text that changes with the program, the libraries that are installed, and the interpreter."""
    engine = Path(__file__).parents[1]
    return "\n".join([sys.version, stamp_of_folder(engine, ".py"), *_libraries()])


def _libraries() -> Iterator[str]:
    for name in ("purelib", "platlib"):
        folder = sysconfig.get_path(name)
        try:
            yield f"{folder} {Path(folder).stat().st_mtime_ns}"
        except OSError:
            yield folder
