"""The commands export, import and completion: files, questions, exit codes, pipes, full disks."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from click import Group
from click.testing import CliRunner
from peewee import Database

from allocator import submit
from bench.generate import Sizes, generate
from leadboard import desk
from leadboard.cli.main import cli
from leadboard.common.errors import Refused, Trouble
from leadboard.transfer.appeals import plan_appeals
from leadboard.transfer.paste import parse_block
from leadboard.transfer.writing import Style, export, format_of, whole_file
from models import open_database
from tests.support import ACTOR, add_team, assert_loads_equal_counts, dump, rows
from tests.support.machine import NEEDS_FULL
from tests.support.processes import ROOT
from tests.support.tables import without_times


def command(*arguments: str | Path, database: Path) -> list[str]:
    return [sys.executable, "-m", "leadboard.cli", "--db", str(database), *map(str, arguments)]


def run(
    *arguments: str | Path, database: Path, text: str = "", **options: object
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command(*arguments, database=database),
        **{"input": text, "capture_output": True, "cwd": ROOT} | options,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Path:
    team = add_team({"Анна": 2, "=Борис": 3}, {"tg_main": {"Анна": 70}, "vk": {"=Борис": 0}})
    submit("tg_1", team.tg_main, "Хочу купить курс")
    return tmp_path / "t.db"


def test_a_table_goes_out_and_in(house: Path, tmp_path: Path) -> None:
    file = tmp_path / "weights.csv"
    assert run("export", "weights", file, database=house).returncode == 0
    assert file.read_text().splitlines() == ["operator,tg_main,vk", "Анна,70,", "'=Борис,,0"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("export", "weights", database=house).stdout == file.read_text()
    assert run("export", "weights", "-", "--format", "json", database=house).stdout[0] == "["
    file.write_text(file.read_text().replace("70", "50"))
    looked = run("import", "weights", file, "--dry-run", database=house)
    assert (looked.returncode, rows("SELECT weight FROM operator_source")[0]) == (0, (70,))
    assert looked.stdout == "Анна · tg_main: 70 → 50\nweights: 1 changed, 3 the same\n"
    done = run("import", "weights", file, "--yes", database=house)
    assert done.stdout == looked.stdout + "Анна · tg_main: weight 70 → 50.\n"
    again = run("import", "weights", file, database=house, text="")
    assert again.returncode == 2
    assert again.stderr.startswith("leadboard: There is no terminal to ask on")
    assert run("import", "weights", "-", "--yes", database=house, text="operator\n").returncode == 0


def test_a_bad_cell_is_one_sentence_and_exit_2(house: Path) -> None:
    before = dump()
    text = "name,max_load\nВера,5\nАнна,много\n"
    done = run("import", "operators", "-", "--yes", database=house, text=text)
    told = "leadboard: row 3, column max_load: the limit must be a whole number.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)
    assert dump() == before


@pytest.mark.parametrize(("answer", "code", "limit"), [("y", 0, 9), ("n", 1, 2)])
def test_on_a_terminal_it_asks(
    house: Path, tmp_path: Path, answer: str, code: int, limit: int
) -> None:
    file = tmp_path / "team.csv"
    file.write_text("name,max_load\nАнна,9\n")
    leader, follower = os.openpty()
    with subprocess.Popen(
        command("import", "operators", file, database=house),
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=follower,
        cwd=ROOT,
    ) as process:
        os.write(leader, f"{answer}\n".encode())
        assert process.wait(30) == code
        assert process.stdout is not None
        assert "Анна: limit 2 → 9" in process.stdout.read().decode()
    os.close(leader)
    os.close(follower)
    assert rows("SELECT max_load FROM operator WHERE name = 'Анна'") == [(limit,)]


def test_a_file_there_is_kept_without_force(house: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("mine")
    done = run("export", "sources", file, database=house)
    assert (done.returncode, file.read_text()) == (2, "mine")
    assert "exists already" in done.stderr
    assert run("export", "sources", file, "--force", database=house).returncode == 0
    assert file.read_text() == (
        "id,name,strategy,is_sealed\n1,tg_main,lottery,yes\n2,vk,lottery,yes\n"
    )
    done = run("export", "sources", house, "--force", database=house)
    assert (done.returncode, "is a database" in done.stderr) == (2, True)


@pytest.mark.parametrize("place", ["/nowhere/a.csv", "/proc/a.csv", "/dev/full"])
def test_what_cannot_be_written_is_one_sentence(house: Path, place: str) -> None:
    done = run("export", "appeals", place, database=house)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"leadboard: Cannot write {place}: ")


@NEEDS_FULL
def test_a_full_disk_under_standard_output_is_one_sentence(house: Path) -> None:
    with open("/dev/full", "w") as full:
        done = run(
            "export", "appeals", database=house, capture_output=False, stdout=full, stderr=-1
        )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize(
    ("error", "told"), [(OSError(28, "No space left"), Trouble), (KeyboardInterrupt(), None)]
)
def test_a_file_that_fails_leaves_nothing(
    tmp_path: Path, error: BaseException, told: type[BaseException] | None
) -> None:
    def write() -> None:
        with whole_file(tmp_path / "a.csv") as file:
            file.write("half")
            raise error

    with pytest.raises(told or type(error)):
        write()
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == []


def test_a_link_is_written_through(tmp_path: Path) -> None:
    real, link = tmp_path / "real.csv", tmp_path / "link.csv"
    real.write_text("old")
    link.symlink_to(real)
    with pytest.raises(Refused), whole_file(link):
        pass
    with whole_file(link, force=True) as file:
        file.write("new")
    assert (real.read_text(), link.is_symlink()) == ("new", True)


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    database = tmp_path / "big.db"
    generate(database, Sizes(appeals=20_000))
    with subprocess.Popen(
        command("export", "appeals", database=database),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 0
        assert process.stderr.read() == b""


def test_a_signal_ends_an_export_and_leaves_nothing(tmp_path: Path) -> None:
    database, folder = tmp_path / "big.db", tmp_path / "out"
    folder.mkdir()
    generate(database, Sizes(appeals=60_000))
    arguments = command("export", "appeals", folder / "a.csv", database=database)
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, cwd=ROOT) as process:
        while not list(folder.iterdir()):
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    assert list(folder.iterdir()) == []


def test_many_appeals_go_out_and_in(tmp_path: Path) -> None:
    """Ten thousand here; the benchmark `files` moves a hundred thousand."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    generate(old, Sizes(appeals=10_000))
    for what in ("operators", "sources", "weights", "leads", "appeals"):
        file = tmp_path / f"{what}.csv"
        assert run("export", what, file, database=old).returncode == 0
        done = run("import", what, file, "--yes", database=new)
        assert (done.returncode, done.stderr) == (0, "")
        again = run("export", what, database=new).stdout
        assert without_times(again) == without_times(file.read_text())
    open_database(new)
    assert_loads_equal_counts()


def no_bar(_: int) -> Callable[[int, int], None]:
    return lambda _done, _rows: None


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes that Python held while `work` ran."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat_however_many_appeals_there_are(tmp_path: Path) -> None:
    peaks = []
    for appeals in (3_000, 12_000):
        generate(tmp_path / f"{appeals}.db", Sizes(appeals=appeals))
        open_database(tmp_path / f"{appeals}.db")
        file = tmp_path / f"{appeals}.csv"
        with file.open("w+", encoding="utf-8", newline="") as text:
            writing = peak(partial(export, "appeals", "csv", text, no_bar, style=Style()))
        with file.open("rb") as written:
            reading = peak(partial(plan_appeals, written, "csv"))
        peaks.append((writing, reading))
    (small_out, small_in), (large_out, large_in) = peaks
    assert large_out < 1.5 * small_out
    assert large_in < 1.5 * small_in


def test_a_pipe_can_be_imported(house: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(
        command("import", "sources", pipe, "--yes", database=house),
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        pipe.write_text("name\nсайт\n")
        assert process.wait(30) == 0
    assert rows("SELECT name FROM source WHERE id = 3") == [("сайт",)]


@pytest.mark.parametrize(
    ("file", "wanted", "form"),
    [
        *(("-", None, "csv"), ("a.JSON", None, "json"), ("a.jsonl", None, "json")),
        *(("a.txt", None, "csv"), ("a.json", "csv", "csv"), ("a.csv", "json", "json")),
    ],
)
def test_the_ending_names_the_format(file: str, wanted: str | None, form: str) -> None:
    assert format_of(file, wanted) == form


# --- completion and help ----------------------------------------------------------------------


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str, tmp_path: Path) -> None:
    done = run("completion", shell, database=tmp_path / "no.db")
    assert done.returncode == 0
    assert "_LEADBOARD_COMPLETE" in done.stdout
    assert not (tmp_path / "no.db").exists()


@pytest.mark.parametrize(
    ("words", "answer"), [(["exp"], "export"), (["export", "we"], "weights"), (["-"], "--db")]
)
def test_words_are_completed_without_the_screen(
    words: Sequence[str], answer: str, tmp_path: Path
) -> None:
    program = (
        "import atexit, sys\n"
        "atexit.register(lambda: sys.stderr.write(str('textual' in sys.modules)))\n"
        "from leadboard.cli.main import main\n"
        "main()\n"
    )
    asked = {
        "_LEADBOARD_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["leadboard", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **asked, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert f"plain,{answer}" in done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "False")


def commands() -> list[str]:
    assert isinstance(cli, Group)
    return sorted(cli.commands)


@pytest.mark.parametrize("name", commands())
def test_help_has_examples_that_it_could_run(name: str) -> None:
    told = CliRunner().invoke(cli, [name, "--help"]).output
    examples = re.findall(r"^ +leadboard (.*)$", told.partition("Examples:")[2], re.MULTILINE)
    assert examples
    assert all(name in example.split() for example in examples)


# --- blocks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("70", [[70]]),
        ("1\t2\r\n3\t\r\n", [[1, 2], [3, None]]),
        ("1;2\n3;4", [[1, 2], [3, 4]]),
        ('1,"2"\n', [[1, 2]]),
        ("70,0\t1 000\n", [[70, 1000]]),
        ("5\r\n\r\n", [[5], [None]]),
        ("1\t2\n\n\n", [[1, 2]]),
        ("\ufeff1\n", [[1]]),
    ],
)
def test_a_pasted_block_is_read(text: str, block: list[list[int | None]]) -> None:
    assert parse_block(text) == block


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There are no weights"),
        (" \n\t\n", "There are no weights"),
        ("1\t2\n3\tx\n", "row 2, column 2: the weight must be a whole number."),
        ("1000001", "row 1, column 1: the weight must be between"),
        ("1\t2\n3\n", "row 2 has 1 cells, row 1 has 2."),
    ],
)
def test_a_bad_block_is_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        parse_block(text)
    assert str(refusal.value).startswith(sentence)


def test_a_pasted_block_is_one_act(db: Database) -> None:
    add_team({"Анна": 1, "Борис": 1}, {"s": {}, "t": {"Борис": 3}})
    block = parse_block("5\t6\n7\t\n")
    changes = [
        (row + 1, col + 1, w) for row, line in enumerate(block) for col, w in enumerate(line)
    ]
    desk.set_weights(changes, actor=ACTOR)
    assert rows("SELECT * FROM operator_source ORDER BY 1, 2") == [(1, 1, 5), (1, 2, 6), (2, 1, 7)]
    desk.undo(actor=ACTOR)
    assert rows("SELECT * FROM operator_source") == [(2, 2, 3)]
