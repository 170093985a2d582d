"""How much of the definitions the tests reached, in all and by file, against what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from engine.verify.coverage.points import Point, PointKind


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least per cent of points to be reached, in all and in each file."""

    overall: int = 0
    per_file: int = 0


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """The points of one file and how often each was reached."""

    file: str
    hits: Mapping[Point, int]

    @property
    def reached(self) -> int:
        return sum(count > 0 for count in self.hits.values())

    @property
    def percent(self) -> float:
        return 100.0 * self.reached / len(self.hits)

    @property
    def missed(self) -> tuple[Point, ...]:
        return tuple(point for point, count in self.hits.items() if not count)


@dataclass(frozen=True, slots=True)
class Coverage:
    """The points of a workspace and what its tests reached of them."""

    files: tuple[FileCoverage, ...]
    thresholds: Thresholds = Thresholds()

    def placed(self, path: Callable[[str], str]) -> Coverage:
        """The same with files where ``path`` says that they lie."""
        return replace(self, files=tuple(replace(each, file=path(each.file)) for each in self.files))

    @property
    def points(self) -> int:
        return sum(len(each.hits) for each in self.files)

    @property
    def reached(self) -> int:
        return sum(each.reached for each in self.files)

    @property
    def percent(self) -> float:
        """Of all points; a workspace without any is reached in full."""
        return 100.0 * self.reached / self.points if self.points else 100.0

    def by_kind(self) -> dict[PointKind, tuple[int, int]]:
        """Reached points and all points, by kind; kinds without points left out."""
        found: dict[PointKind, tuple[int, int]] = {}
        for kind in PointKind:
            counts = [count for each in self.files for point, count in each.hits.items() if point.kind is kind]
            if counts:
                found[kind] = (sum(count > 0 for count in counts), len(counts))
        return found

    def shortfalls(self) -> Iterator[str]:
        """A sentence about everything that is below its threshold."""
        if self.percent < self.thresholds.overall:
            yield f"{self.percent:.1f} % of the definitions are reached, less than {self.thresholds.overall} %"
        for each in self.files:
            if each.percent < self.thresholds.per_file:
                yield f"{each.percent:.1f} % of {each.file} is reached, less than {self.thresholds.per_file} %"

    @property
    def passed(self) -> bool:
        return not any(self.shortfalls())


def measured(points: tuple[Point, ...], hits: Mapping[Point, int], thresholds: Thresholds) -> Coverage:
    """Points and hits, file by file."""
    files: dict[str, dict[Point, int]] = {}
    for point in sorted(points):
        files.setdefault(point.file, {})[point] = hits.get(point, 0)
    return Coverage(tuple(FileCoverage(file, found) for file, found in files.items()), thresholds)
