"""Checks that the house stays as docs/architecture.md draws it: few rooms a floor, no circles, plain names.

``python checks/house.py`` prints a sentence for each thing amiss, which says what to do, and exits 1 if there is any.
Limits and words stand in the tables at the top. Whatever import-linter, ruff or mypy can check is left to them.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("tap_copper", "target_crm", "crm_api", "crm_emulator", "singer_crm_airflow")
SCRIPTS = ("benchmarks", "checks", "docs", "examples")

FILES_IN_A_PACKAGE_FOLDER = {"target_crm": 16, "crm_api": 14, "tap_copper": 24}
CIRCLES = {"tap_copper": 0, "target_crm": 0, "crm_api": 0, "crm_emulator": 2, "singer_crm_airflow": 0}
LINES_OF_A_FILE = 400
LONGER_FILES: dict[str, str] = {}
"""Files that may be longer, by path, each with the reason."""
FIELDS_OF_A_RUN = 10
RUN = ("target_crm/engine/run.py", "Run")
BOOKS = ("target_crm/report/books.py", "Books")
RECORDER = "target_crm/engine/outcome_recorder.py"

WORDS = {
    "carrier": "action runner",
    "crew": "worker pool",
    "crowd": "records of the same second",
    "crowds": "records of the same second",
    "doomed": "pending delete",
    "dooming": "delete requests",
    "imagined": "dry-run answer",
    "keeper": "outcome recorder",
    "misfits": "settings checks",
    "misnamed": "unknown fields",
    "office": "run, or context of a stream",
    "overhear": "trace",
    "overheard": "traced",
    "overhearing": "traced session",
    "rehearsal": "dry run",
    "rehearse": "dry run",
    "rehearsed": "dry run",
    "shelf": "held records",
    "sightings": "bulk ids",
    "strangers": "unknown streams, or unknown names",
    "strays": "records that were edited meanwhile",
    "untold": "no answer, or in doubt",
}
"""Words that nobody would look for, each with the plain one; neither in names nor in docstrings."""
NAMES = {
    "breathe": "a verb that says what is waited for",
    "crowded": "same second",
    "flight": "read ahead",
    "flights": "read ahead",
    "gate": "request limit",
    "habits": "search behaviour",
    "lately": "recent records",
    "openings": "prefetch",
    "patiently": "a verb that says what is waited for",
    "staged": "dry run",
}
"""Words that are English in a sentence and a riddle in a name; ``in_flight`` is the field's own word."""
PARAMETERS = {"of": "crm_object, or whatever it is"}
"""Names that no parameter has, each with a better one."""
_FIELDS_WORDS = re.compile(r"in_?flight", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_DOCUMENTED = ast.Assign | ast.AnnAssign | None
_BEGINNING = re.compile(r"(What|Likewise|As above|The same)\b")
_EXPLAINED = re.compile(r"^\s+\**([\w, ]+): (Likewise|As above|The same)\b", re.MULTILINE)


@cache
def tree_of(file: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(file.read_text(), str(file))


@cache
def nodes_of(tree: ast.AST) -> list[ast.AST]:
    """Every node of a syntax tree: many checks go through all of them."""
    return list(ast.walk(tree))


def sources(root: Path, folders: Iterable[str] = (*PACKAGES, *SCRIPTS)) -> Iterator[tuple[str, Path]]:
    """The Python files of these folders, each with its path from the root as text; by default all but tests."""
    for folder in folders:
        for file in sorted((root / folder).glob("**/*.py")):
            yield file.relative_to(root).as_posix(), file


def full_folders(root: Path) -> Iterator[str]:
    """Packages with too many files directly in their folder."""
    for package, most in FILES_IN_A_PACKAGE_FOLDER.items():
        files = [file.name for file in (root / package).glob("*.py") if file.name != "__init__.py"]
        if len(files) > most:
            yield (
                f"{package}: {len(files)} Python files lie directly in the folder and {most} may; "
                "move those that belong together into a folder of their own."
            )


def modules_of(root: Path, package: str) -> dict[str, Path]:
    """The files of a package by the dotted name that imports them."""
    found = {}
    for path, file in sources(root, [package]):
        parts = path.removesuffix(".py").split("/")
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imported(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that a file imports or may import: for annotations alone and inside functions, too."""
    for node in nodes_of(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows(root: Path, package: str) -> dict[str, set[str]]:
    """Which modules of a package each of its modules imports.

    ``from package.folder import name`` leads to the module ``package.folder.name`` where there is one, else to the
    ``__init__`` of the folder.
    """
    modules = modules_of(root, package)
    leading: dict[str, set[str]] = {}
    for module, file in modules.items():
        names = imported(tree_of(file))
        targets = {name if name in modules else name.rpartition(".")[0] for name in names}
        leading[module] = (targets & modules.keys()) - {module}
    return leading


def circles(leading: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Groups of two or more modules that all lead to each other (strongly connected components, after Tarjan)."""
    found: list[list[str]] = []
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_modules: list[str] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        open_modules.append(module)
        for target in sorted(leading.get(module, ())):
            if target not in order:
                visit(target)
                lowest[module] = min(lowest[module], lowest[target])
            elif target in open_modules:
                lowest[module] = min(lowest[module], order[target])
        if lowest[module] == order[module]:
            start = open_modules.index(module)
            circle = open_modules[start:]
            del open_modules[start:]
            if len(circle) > 1:
                found.append(sorted(circle))

    for module in sorted(leading):
        if module not in order:
            visit(module)
    return found


def import_circles(root: Path) -> Iterator[str]:
    """Circles of imports beyond those that a package may have."""
    for package, most in CIRCLES.items():
        found = circles(arrows(root, package))
        files = modules_of(root, package)
        for circle in found if len(found) > most else ():
            names = ", ".join(files[module].relative_to(root).as_posix() for module in circle)
            allowed = f" ({len(found)} circles, and {most} may be)" if most else ""
            yield (
                f"{package}: {names} import each other{allowed}; move what they share, a type that only annotations "
                "name included, into a module below them."
            )


def ignored_imports(root: Path) -> Iterator[str]:
    """Exceptions to the import contracts."""
    tools = tomllib.loads((root / "pyproject.toml").read_text()).get("tool", {})
    for contract in tools.get("importlinter", {}).get("contracts", ()):
        for excepted in contract.get("ignore_imports", ()):
            yield f"pyproject.toml: remove the exception {excepted!r} from ignore_imports, and mend the import itself."


def words_of(name: str) -> set[str]:
    """The words that a name is made of, in small letters: ``OutcomeRecorder`` and ``outcome_recorder`` have two."""
    return {word.lower() for word in _WORD.findall(_FIELDS_WORDS.sub("", name))}


def names_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a file gives or uses, with its line."""
    for node in nodes_of(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.alias(name=name, asname=other):
                yield node.lineno, f"{name}.{other}" if other else name


def parameters_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The parameters of all functions of a file, each with its line."""
    yield from ((node.lineno, node.arg) for node in nodes_of(tree) if isinstance(node, ast.arg))


def docstrings_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every docstring of a file with its line, those below attributes and constants included."""
    for node in nodes_of(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for before, each in pairwise([None, *node.body]):
            match each:
                case ast.Expr(value=ast.Constant(value=str(text))) if isinstance(before, _DOCUMENTED):
                    yield each.lineno, text


def private_words(root: Path) -> Iterator[str]:
    """Names and docstrings with a word that only this project would understand; the first name of a file for each."""
    riddles_of_names = WORDS | NAMES
    for path, file in sources(root):
        tree, seen = tree_of(file), set[str]()
        for line, name in chain([(1, file.stem)], names_in(tree)):
            for word in sorted((words_of(name) & riddles_of_names.keys()) - seen):
                seen.add(word)
                yield f"{path}:{line}: rename {name}; for {word!r} the house says {riddles_of_names[word]}."
        for line, name in parameters_in(tree):
            if name in PARAMETERS:
                yield f"{path}:{line}: rename the parameter {name}; the house says {PARAMETERS[name]}."
        for line, text in docstrings_in(tree):
            for word in sorted(set(re.findall(r"[a-z]+", text.lower())) & WORDS.keys()):
                yield f"{path}:{line}: reword the docstring; for {word!r} the house says {WORDS[word]}."


def riddles(root: Path) -> Iterator[str]:
    """Docstrings that begin without saying what the thing is or does, those of tests included."""
    for path, file in sources(root, (*PACKAGES, *SCRIPTS, "tests")):
        for line, text in docstrings_in(tree_of(file)):
            if begins := _BEGINNING.match(text.strip()):
                yield (
                    f"{path}:{line}: the docstring begins with {begins[1]!r}; begin with a verb (what it does) or with "
                    "the noun itself (what it is)."
                )
            for name, word in _EXPLAINED.findall(text):
                yield f"{path}:{line}: the docstring explains {name} with {word!r}; say in full what it is."


def long_files(root: Path) -> Iterator[str]:
    """Files that hold too much, and reasons that are no longer needed."""
    lengths = {path: len(file.read_text().splitlines()) for path, file in sources(root)}
    for path, lines in lengths.items():
        if lines > LINES_OF_A_FILE and path not in LONGER_FILES:
            yield (
                f"{path}: {lines} lines, and {LINES_OF_A_FILE} may be; divide the file by its ideas, or give the "
                "reason in LONGER_FILES of checks/house.py."
            )
    for path in LONGER_FILES:
        if lengths.get(path, 0) <= LINES_OF_A_FILE:
            yield f"checks/house.py: {path} is no longer than others; remove its entry from LONGER_FILES."


def class_of(root: Path, place: tuple[str, str]) -> ast.ClassDef | None:
    """The class of this file and name, or None where the file or the class is missing."""
    file = root / place[0]
    classes = tree_of(file).body if file.exists() else ()
    return next((each for each in classes if isinstance(each, ast.ClassDef) and each.name == place[1]), None)


def _missing(place: tuple[str, str]) -> str:
    return f"checks/house.py: there is no class {place[1]} in {place[0]}; correct the path or the name at its top."


def fields_of_a_run(root: Path) -> Iterator[str]:
    """A run that has become a bag for everything."""
    run = class_of(root, RUN)
    if run is None:
        yield _missing(RUN)
        return
    fields = sum(isinstance(each, ast.AnnAssign) for each in run.body)
    if fields > FIELDS_OF_A_RUN:
        yield (
            f"{RUN[0]}: {RUN[1]} has {fields} fields, and {FIELDS_OF_A_RUN} may be; keep what only some streams or "
            "steps need in the context of a stream, or in a class of its own."
        )


def writers_of_the_books(books: ast.ClassDef) -> set[str]:
    """The methods of the books that count something: those that return nothing. Whoever reads them gets a value."""
    methods = (each for each in books.body if isinstance(each, ast.FunctionDef))
    returning_nothing = (
        each for each in methods if isinstance(each.returns, ast.Constant) and each.returns.value is None
    )
    return {each.name for each in returning_nothing if not each.name.startswith("_")}


def _last_name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.Call(func=ast.Name(id=name)):
            return name
        case _:
            return ""


def names_of_the_books(tree: ast.Module, class_name: str) -> set[str]:
    """Names by which a file calls the books: ``books``, and whatever is annotated as, or made of, their class."""
    names = {"books", "_books", class_name}
    for node in nodes_of(tree):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if class_name in words_in(annotation):
                names.add(name)
            case ast.AnnAssign(target=target, annotation=annotation) if class_name in words_in(annotation):
                names.add(_last_name(target))
            case ast.Assign(targets=targets, value=value) if _last_name(value) in names:
                names.update(map(_last_name, targets))
    return names - {""}


def words_in(annotation: ast.expr) -> set[str]:
    """The names that an annotation mentions."""
    return set(re.findall(r"\w+", ast.unparse(annotation)))


def other_callers_of_the_books(root: Path) -> Iterator[str]:
    """Calls by which somebody else than the outcome recorder counts an outcome."""
    books = class_of(root, BOOKS)
    if books is None:
        yield _missing(BOOKS)
        return
    writers = writers_of_the_books(books)
    for path, file in sources(root, ["target_crm"]):
        if path in {BOOKS[0], RECORDER}:
            continue
        tree = tree_of(file)
        names = names_of_the_books(tree, BOOKS[1])
        for node in nodes_of(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=value, attr=method)) if method in writers:
                    if _last_name(value) in names:
                        yield (
                            f"{path}:{node.lineno}: calls {method} of the books; tell the OutcomeRecorder of "
                            f"{RECORDER} instead, which tells the observers, too."
                        )


CHECKS = (
    full_folders,
    import_circles,
    ignored_imports,
    private_words,
    riddles,
    long_files,
    fields_of_a_run,
    other_callers_of_the_books,
)


def amiss(root: Path) -> list[str]:
    """One sentence for each thing amiss in the house below this folder."""
    return list(chain.from_iterable(check(root) for check in CHECKS))


def main() -> int:
    """Print what is amiss; returns the exit code."""
    found = amiss(ROOT)
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
