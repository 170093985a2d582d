"""The mechanical laws of the code base, as tests (style: a law that is not checked is a wish)."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("engine", "connectors", "demo", "cli.py")
FILE_LINES_MAX = 420
FUNCTION_LINES_MAX = 60
TEST_FILE_LINES_MAX = 620


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]


def product_files() -> list[Path]:
    return [path for path in tracked(".py") if path.relative_to(ROOT).parts[0] in PRODUCT]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def named(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_files_and_functions_stay_small() -> None:
    long_files = [
        f"{path.relative_to(ROOT)} ({lines})"
        for path in product_files()
        if (lines := len(path.read_text("utf-8").splitlines())) > FILE_LINES_MAX
    ]
    long_functions = [
        f"{named(path, node.lineno)} {node.name}"
        for path in product_files()
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    long_tests = [
        str(path.relative_to(ROOT))
        for path in tracked(".py")
        if path.is_relative_to(ROOT / "tests") and len(path.read_text("utf-8").splitlines()) > TEST_FILE_LINES_MAX
    ]
    assert (long_files, long_functions, long_tests) == ([], [], [])


def public_functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Those that only a mention can call: no decorator takes them, and no base class."""
    for owner in ast.walk(tree):
        if isinstance(owner, ast.Module) or (isinstance(owner, ast.ClassDef) and not owner.bases):
            for node in owner.body:
                if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
                    continue
                if all(ast.unparse(each) in {"property", "staticmethod"} for each in node.decorator_list):
                    yield node


def test_every_function_is_mentioned_somewhere_else() -> None:
    mentions = Counter(
        word
        for path in tracked(".py", "pyproject.toml")
        for word in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", path.read_text("utf-8"))
    )
    alone = [
        f"{named(path, node.lineno)} {node.name}"
        for path in product_files()
        for node in public_functions(ast.parse(path.read_text("utf-8")))
        if mentions[node.name] == 1
    ]
    assert alone == []


def test_time_randomness_and_ids_come_from_the_foundations() -> None:
    banned = re.compile(r"datetime\.now\(|utcnow\(|time\.time\(|uuid4\(|\brandom\.(random|choice|randint|shuffle)")
    found = [
        named(path, number)
        for path in product_files()
        if not path.is_relative_to(ROOT / "engine" / "base") and not path.is_relative_to(ROOT / "demo")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if banned.search(line)
    ]
    assert found == []


def test_no_float_in_the_language_or_the_run() -> None:
    packages = ("expr", "plan", "schema", "spec", "finance")
    found = [
        named(path, node.lineno)
        for path in product_files()
        if path.relative_to(ROOT).parts[0] == "engine" and path.relative_to(ROOT).parts[1] in packages
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
    ]
    assert found == []


def test_every_module_and_public_class_says_what_it_is_for() -> None:
    missing = []
    for path in product_files():
        tree = ast.parse(path.read_text("utf-8"))
        if ast.get_docstring(tree) is None:
            missing.append(str(path.relative_to(ROOT)))
    assert missing == []


def test_there_is_no_unfinished_work() -> None:
    words = re.compile(r"\bTODO\b|\bFIXME\b|\bXXX\b|NotImplementedError")
    found = [
        named(path, number)
        for path in product_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if words.search(line)
    ]
    assert found == []


def test_tests_assert_and_never_skip() -> None:
    silent, skipped = [], []
    for path in tracked(".py"):
        if not path.is_relative_to(ROOT / "tests"):
            continue
        text = path.read_text("utf-8")
        if path != Path(__file__):
            skipped += [
                named(path, number)
                for number, line in enumerate(text.splitlines(), 1)
                if re.search(r"pytest\.(skip|xfail)\(|mark\.(skip|xfail)", line)
            ]
        for node in functions(path):
            if node.name.startswith("test_") and not re.search(
                r"Assert\(|'raises'|assert_|check|expect|verify|judge|holds", ast.dump(node)
            ):
                silent.append(named(path, node.lineno))
    assert (silent, skipped) == ([], [])


def test_jsonschema_never_retrieves_by_itself() -> None:
    found = [
        named(path, number)
        for path in product_files()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(r"jsonschema\.validate\(", line)
    ]
    assert found == []


def test_every_markdown_file_has_one_title() -> None:
    wrong = []
    for path in tracked(".md"):
        body = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.S)
        if len(re.findall(r"^# ", body, flags=re.M)) != 1:
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_the_engine_names_no_vendor() -> None:
    vendors = re.compile(r"stripe|tryton|netsuite|chargebee|zuora|salesforce|hubspot", re.I)
    found = [
        named(path, number)
        for path in product_files()
        if path.is_relative_to(ROOT / "engine")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if vendors.search(line)
    ]
    assert found == []
