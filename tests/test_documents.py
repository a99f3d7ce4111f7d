"""Documents are held against the code: names, commands, settings, refusals, links."""

import importlib.util
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from flask_babel import force_locale

from attribution.services.sequencing import sequence
from attribution.services.verifying import Damage
from attribution.storage.engine import open_database
from attribution.storage.tables import metadata
from tests.office import Office
from web.answers import ANSWERS, HTTP_ANSWERS
from web.app import create_app
from web.cli import main
from web.demo import _AGENTS, _STAFF, PASSWORD
from web.witness_app import create_witness_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) +(.+)$", re.MULTILINE)
_TICKED = re.compile(r"`([^`\n]+)`")
_FOLDERS = ("attribution/", "benchmarks/", "docs/", "tests/", "tokens/", "web/")


def named(page: Path) -> str:
    """Name a page in the list of tests."""
    return str(page.relative_to(ROOT))


@cache
def sources() -> str:
    """Return all code as one text."""
    files = [
        file
        for folder in ("tokens", "attribution", "web")
        for file in sorted((ROOT / folder).rglob("*.py"))
    ]
    return "\n".join(file.read_text("utf-8") for file in files)


@cache
def names_of_tests() -> frozenset[str]:
    """Return the names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    texts = (file.read_text("utf-8") for file in files)
    return frozenset(name for t in texts for name in re.findall(r"def (test_\w+)", t))


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    found = re.findall(
        rf"^```{language}\n(.*?)^```$",
        page.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return [str(block) for block in found]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that a reader of the page can jump to."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text("utf-8")))
    return {
        re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-")
        for _, text in headings
    } | {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for _, t in headings}


def cells(line: str) -> list[str]:
    """Return the cells of a table row."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


# -- links, paths, cited tests ---------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text("utf-8"))
    links = [link for link in _LINK.findall(text) if "://" not in link]

    lost = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            lost.append(link)
    assert not lost


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_paths_and_tests_that_are_named_exist(page: Path) -> None:
    for name in _TICKED.findall(_FENCED.sub("", page.read_text("utf-8"))):
        if re.fullmatch(r"test_\w+", name):
            assert name in names_of_tests(), name
        elif name.startswith(_FOLDERS) and re.fullmatch(r"[\w./-]+", name):
            assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_page_names_a_place_on_somebodys_machine(page: Path) -> None:
    assert not re.search(r"/(?:work|home|tmp|root)/\w", page.read_text("utf-8"))


def test_every_page_is_found_from_the_first() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = _LINK.findall(page.read_text("utf-8"))
        waiting += [
            (page.parent / link.partition("#")[0]).resolve()
            for link in links
            if "://" not in link and not link.startswith("#")
        ]
    assert not set(PAGES) - seen


# -- settings, commands, refusals ------------------------------------------------


def test_every_setting_is_explained_and_none_is_invented() -> None:
    settings = set(re.findall(r"HEFU_[A-Z_]+", (ROOT / "web/settings.py").read_text()))

    page = (DOCS / "operations/settings.md").read_text("utf-8")
    assert set(re.findall(r"HEFU_[A-Z_]+", page)) == settings


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """Yield every command of the command line."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}"


def test_every_command_is_explained_and_none_is_invented() -> None:
    page = (DOCS / "operations/settings.md").read_text("utf-8")
    explained = re.findall(r"^\./hefu ([a-z]+(?: [a-z]+)?)", page, re.MULTILINE)

    assert sorted(explained) == sorted(commands(main))


def rows_of_refusals() -> Iterator[str]:
    """Yield the rows that docs/errors.md must have."""
    for kind, answer in ANSWERS.items():
        code = vars(kind)["code"]
        yield _row_of_refusal(str(code), answer)
    for status, answer in HTTP_ANSWERS.items():
        yield _row_of_refusal(status.name, answer)


def _row_of_refusal(code: str, answer: Any) -> str:
    chinese = str(answer.title)
    with force_locale("en"):
        return f"| `{code}` | {int(answer.status)} | {chinese} | {answer.title} |"


def test_every_refusal_is_listed_and_none_is_invented(office_pages: Any) -> None:
    listed = [
        line
        for line in (DOCS / "errors.md").read_text("utf-8").splitlines()
        if line.startswith("| `")
    ]

    with office_pages.test_request_context():
        assert sorted(listed) == sorted(rows_of_refusals())


@pytest.fixture
def office_pages(sqlite_url: str) -> Iterator[Any]:
    """Return the application of an office."""
    database = open_database(sqlite_url)
    office = Office(database)
    sequence(office.runtime)
    yield create_app(office.runtime)
    database.close()


def first_column(page: Path, heading: str) -> list[str]:
    """Return what is in ticks in the first cells of the tables under a heading."""
    _, _, rest = page.read_text("utf-8").partition(f"\n## {heading}\n")
    lines = rest.partition("\n## ")[0].splitlines()
    rows = [cells(line)[0] for line in lines if line.startswith("| `")]
    return [name for row in rows for name in _TICKED.findall(row)]


def test_every_damage_is_explained_and_none_is_invented() -> None:
    listed = first_column(DOCS / "specs/log.md", "8 Checking a stored log")

    assert listed == list(Damage)


def test_every_answer_of_a_witness_is_listed_and_none_is_invented() -> None:
    page = (DOCS / "specs/log.md").read_text("utf-8")
    listed = re.findall(r"^\| (\d{3}) \|", page, re.MULTILINE)

    told = re.findall(r"\b[1-5]\d\d\b", str(create_witness_app.__doc__))
    assert listed == told


@pytest.mark.parametrize("heading", ["中文", "English"])
def test_a_witness_is_told_what_each_message_means(heading: str) -> None:
    page = DOCS / "operations/witnessing.md"
    told = " ".join(first_column(page, heading))

    code = "".join(
        (ROOT / file).read_text("utf-8")
        for file in ("web/log_commands.py", "web/witnessing.py")
    )
    for words in (
        "cosigned",
        "(not admitted there yet: give them the key)",
        "no answer:",
        "ALARM",
        "set back or forked",
        "signed by a key nobody named",
        "evidence:",
    ):
        assert words in told
        assert words in code


def test_both_languages_let_a_witness_run_the_same() -> None:
    runs = [
        re.sub(r" *#.*", "", block)
        for block in blocks(DOCS / "operations/witnessing.md", "sh")
    ]

    assert len(runs) == 2
    assert runs[0] == runs[1]


# -- words and columns -----------------------------------------------------------


def test_names_of_the_glossary_exist_in_the_code() -> None:
    lines = (DOCS / "glossary.md").read_text("utf-8").splitlines()
    rows = [cells(line) for line in lines if line.startswith("| ")]
    names = [name for row in rows if len(row) == 4 for name in _TICKED.findall(row[2])]

    assert len(names) > 80
    parts = {part for name in names for part in name.split(".")}
    assert not {one for one in parts if not re.search(rf"\b{one}\b", sources())}


def test_privacy_has_a_line_for_every_column() -> None:
    said: list[str] = []
    for line in (DOCS / "privacy.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            said += re.findall(r"`(\w+\.\w+)`", cells(line)[0])
        elif found := re.match(r"- `(\w+)`: ", line):
            columns = _TICKED.findall(line[found.end() :])
            said += [f"{found[1]}.{column}" for column in columns]

    stored = [f"{t.name}.{c.name}" for t in metadata.sorted_tables for c in t.columns]
    assert sorted(said) == sorted(stored)


# -- README ----------------------------------------------------------------------


def test_both_readmes_have_the_same_shape_and_the_same_commands() -> None:
    english, chinese = (page.read_text("utf-8") for page in READMES)

    levels = [[level for level, _ in _HEADING.findall(t)] for t in (english, chinese)]
    assert levels[0] == levels[1]
    runs = [
        [re.sub(r"\s*#.*", "", block) for block in blocks(page, "sh")]
        for page in READMES
    ]
    assert runs[0] == runs[1]
    assert english.count("\n|") == chinese.count("\n|")


@pytest.mark.parametrize("page", [*READMES, ROOT / "CONTRIBUTING.md"], ids=named)
def test_what_a_readme_lets_people_run_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = re.findall(
        r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE
    )

    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= set(targets)
    assert set(re.findall(r"\./hefu ([a-z]+)", text)) <= set(main.commands)


@pytest.mark.parametrize(
    ("page", "language", "case"),
    [
        ("README.md", "en", "tests/cases/walk-in-reward.json"),
        ("README.zh-CN.md", "zh", "tests/cases/opened-link.json"),
    ],
)
def test_the_readme_shows_what_hefu_rule_prints(
    page: str, language: str, case: str
) -> None:
    run = CliRunner(env={"HEFU_LANG": language})

    printed = run.invoke(main, ["rule", str(ROOT / case)]).output
    assert blocks(ROOT / page, "text") == [printed.rstrip("\n") + "\n"]


@pytest.mark.parametrize("page", READMES, ids=named)
def test_the_readme_names_the_accounts_of_the_demo(page: Path) -> None:
    text = page.read_text("utf-8")

    logins = [login for login, *_ in (*_STAFF, *_AGENTS)]
    assert PASSWORD in text
    assert not [login for login in logins if f"`{login}`" not in text]


def test_the_operators_command_runs() -> None:
    answer = subprocess.run(
        [ROOT / "hefu", "--help"], check=True, capture_output=True, text=True
    )

    assert "rule" in answer.stdout


# -- decisions and programs ------------------------------------------------------


@pytest.mark.parametrize("page", DECISIONS, ids=named)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text("utf-8")

    headings = " ".join(title for _, title in _HEADING.findall(text))
    for part in ("Context", "ption", "ecision", "Consequences", "What would reopen"):
        assert part in headings
    assert re.search(r"^20\d\d-\d\d-\d\d\. Status: ", text, re.MULTILINE)
    assert f"]({page.parent.name}/{page.name})" in (DOCS / "README.md").read_text()


def test_the_program_that_checks_the_log_tells_a_rewritten_one(
    office_pages: Any, tmp_path: Path
) -> None:
    check = _program(tmp_path, *blocks(DOCS / "operations/incident.md", "python"))
    client = office_pages.test_client()

    def fetch(path: str) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = client.get(path).json
        return answer

    head = fetch("/api/v1/log/checkpoint")
    assert check(fetch, head["size"], head["root"])
    assert not check(fetch, head["size"], "00" * 32)
    assert not check(fetch, head["size"] + 1, head["root"])


def _program(folder: Path, text: str) -> Callable[..., bool]:
    """Return the function `check` of a program on a page."""
    file = folder / "program.py"
    file.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location("program", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    check: Callable[..., bool] = module.check
    return check
