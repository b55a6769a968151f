"""The mutation tester samples by a seed, leaves wording alone, and tells strong tests from weak."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.__main__ import PROJECT, TESTS, Copies, copies, main
from tests.mutation.mutants import Mutant, sample

PRICE = '''
def is_dear(cents: int | None) -> bool:
    """Whether it costs more than a dollar."""
    if cents is None:
        raise ValueError("nobody knows what it costs", "ask", 7)
    return cents > 100
'''


def mutants(text: str = PRICE, seed: str = "1", size: int | None = None) -> list[Mutant]:
    return sample(text, seed, size)[1]


def changes(text: str = PRICE) -> list[str]:
    return [mutant.diff.splitlines()[-1] for mutant in mutants(text)]


def test_the_same_seed_chooses_the_same_mutants() -> None:
    text = (PROJECT / "cascade_cli" / "domain" / "records" / "stratagems.py").read_text(
        encoding="utf-8"
    )
    made, chosen = sample(text, "1", 5)
    assert (made, chosen) == sample(text, "1", 5)
    assert chosen != mutants(text, "2", 5)
    assert len(chosen) == 5 < made
    assert [mutant.line for mutant in chosen] == sorted(mutant.line for mutant in chosen)


def test_a_larger_sample_holds_the_smaller_one() -> None:
    text = (PROJECT / "cascade_cli" / "domain" / "records" / "stratagems.py").read_text(
        encoding="utf-8"
    )
    assert set(mutants(text, "1", 5)) < set(mutants(text, "1", 9))


def test_decisions_are_changed_and_types_docstrings_and_words_are_not() -> None:
    assert changes() == [
        "+    if (cents is None) and False:",
        "+    if (cents is None) or True:",
        "+    if cents is not None:",
        "+    return cents >= 100",
        "+    return cents > 101",
    ]


def test_what_is_told_to_people_is_left_as_it_is() -> None:
    told = 'T = TypeVar("T")\nhint = f"{amount + 1} ducats"\ntell("so many ducats", amount)\n'
    assert changes(told) == ['+tell("so many ducats", None)', '+tell("so many ducats", )']


@pytest.mark.parametrize("module", TESTS)
def test_every_module_and_test_of_the_table_is_there(module: str) -> None:
    assert (PROJECT / "cascade_cli" / f"{module}.py").is_file()
    tests = [PROJECT / "tests" / f"{name}.py" for name in TESTS[module].split()]
    assert [test for test in tests if not test.is_file()] == []
    assert len(set(tests)) == len(tests)


def test_a_module_that_nobody_tests_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["domain/nowhere"])


def test_a_weak_test_lets_a_mutant_live_and_a_strong_one_kills_it(tmp_path: Path) -> None:
    project = _planted(tmp_path)
    before = _files(project)
    (edge,) = [mutant for mutant in mutants() if ">=" in mutant.diff]
    with copies(1, project) as at:
        places = list(at.root.iterdir())
        assert _survives(at, edge, "tests/test_weak.py")
        assert not _survives(at, edge, "tests/test_strong.py")
    assert places
    assert not at.root.exists()
    assert _files(project) == before


def _survives(at: Copies, mutant: Mutant, test: str) -> bool:
    return at.survives(Path("cascade_cli", "price.py"), mutant.text, [test], 60)


def _planted(folder: Path) -> Path:
    """A project with one rule, a test beside its edge and a test on it."""
    conftest = 'import hypothesis\nhypothesis.settings.register_profile("mutation")\n'
    asking = "from cascade_cli.price import is_dear\n\ndef test_it():\n    assert {}\n"
    files = {
        "pyproject.toml": "",
        "cascade_cli/__init__.py": "",
        "cascade_cli/price.py": PRICE,
        "tests/conftest.py": conftest,
        "tests/test_weak.py": asking.format("is_dear(101)"),
        "tests/test_strong.py": asking.format("not is_dear(100)"),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _files(project: Path) -> dict[Path, str]:
    return {file: file.read_text() for file in sorted(project.rglob("*")) if file.is_file()}
