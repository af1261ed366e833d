"""What is handed out: the sdist, the wheel that is built from it, and what that one installs."""

import gettext
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email import message_from_bytes
from email.message import Message
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.support.processes import ROOT

PO = "leadboard/locale/ru/LC_MESSAGES/leadboard.po"
MO = PO.replace(".po", ".mo")
PAGES = ("share/man/man1/leadboard.1", "share/man/ru/man1/leadboard.1")


def hatchling(tree: Path, kind: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Build what pip would, with what is installed here: nothing comes over the network."""
    build = f"from hatchling.build import build_{kind} as build; print(build({str(folder)!r}))"
    return subprocess.run(
        [sys.executable, "-c", build], cwd=tree, capture_output=True, text=True, check=False
    )


def built(tree: Path, kind: str, folder: Path) -> Path:
    """Return what was built of a tree."""
    folder.mkdir(exist_ok=True)
    done = hatchling(tree, kind, folder)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the sdist of this tree."""
    return built(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the tree in the sdist; what is built there leaves nothing in this one."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return tree


@pytest.fixture(scope="session")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel that is built from the sdist."""
    return built(unpacked, "wheel", tmp_path_factory.mktemp("wheel"))


def names(wheel: Path) -> set[str]:
    """Return the paths of all files in a wheel."""
    return set(zipfile.ZipFile(wheel).namelist())


def metadata(wheel: Path) -> "Message[str, str]":
    """Return what a wheel says of itself."""
    (name,) = (each for each in names(wheel) if each.endswith(".dist-info/METADATA"))
    return message_from_bytes(zipfile.ZipFile(wheel).read(name))


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this tree is not from git")
def test_the_sdist_is_all_that_is_in_git(sdist: Path) -> None:
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {each for each in listed.stdout.splitlines() if (ROOT / each).is_file()}
    with tarfile.open(sdist) as archive:
        held = {each.name.partition("/")[2] for each in archive.getmembers() if each.isfile()}
    assert held - {"PKG-INFO"} == ours
    assert {"tests/distribution/test_wheel.py", "docs/pictures.py", "Makefile", PO} <= held


def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path) -> None:
    held = {each for each in names(wheel) if ".dist-info/" not in each}
    data = {each for each in held if ".data/" in each}
    assert {each.partition(".data/data/")[2] for each in data} == set(PAGES)
    modules = {str(each.relative_to(ROOT)) for each in ROOT.glob("tui/**/*.py")}
    modules |= {str(each.relative_to(ROOT)) for each in ROOT.glob("leadboard/**/*.py")}
    others = {"tui/app.tcss", "tui/py.typed", "leadboard/py.typed", MO}
    assert held - data == modules | others | {"models.py", "allocator.py"}


def test_the_catalogue_in_it_says_what_its_source_says(wheel: Path) -> None:
    russian = gettext.GNUTranslations(BytesIO(zipfile.ZipFile(wheel).read(MO)))
    said = read_po((ROOT / PO).open("rb"), locale="ru")
    single = [each for each in said if each.id and isinstance(each.id, str) and not each.context]
    assert single
    for each in single:
        assert russian.gettext(str(each.id)) == (each.string or each.id)


def test_the_man_page_in_it_is_of_its_version(wheel: Path) -> None:
    version = metadata(wheel)["Version"]
    for place in PAGES:
        (name,) = (each for each in names(wheel) if each.endswith(f".data/data/{place}"))
        assert f'"Leadboard {version}"' in zipfile.ZipFile(wheel).read(name).decode()


def test_an_editable_install_gets_its_catalogue_too(unpacked: Path, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(unpacked, tmp_path / "tree"))
    (tree / MO).unlink(missing_ok=True)
    editable = built(tree, "editable", tmp_path / "editable")
    assert (tree / MO).stat().st_size > 100
    assert not [each for each in names(editable) if "share/man" in each]


def test_a_fuzzy_translation_is_not_handed_out(unpacked: Path, tmp_path: Path) -> None:
    tree = Path(shutil.copytree(unpacked, tmp_path / "tree"))
    with (tree / PO).open("a", encoding="utf-8") as file:
        file.write('\n#, fuzzy\nmsgid "Nearly so."\nmsgstr "Почти так."\n')
    (tmp_path / "dist").mkdir()
    done = hatchling(tree, "wheel", tmp_path / "dist")
    assert done.returncode != 0
    assert "this translation is fuzzy" in done.stderr
    assert list((tmp_path / "dist").iterdir()) == []


def test_an_index_takes_its_metadata(sdist: Path, wheel: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", str(sdist), str(wheel)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_of_the_readme_lead_into_the_repository_at_this_version(wheel: Path) -> None:
    told = metadata(wheel)
    urls = dict(each.split(", ") for each in told.get_all("Project-URL", []))
    repository = urls["Repository"]
    raw = repository.replace("github.com", "raw.githubusercontent.com")
    text = str(told.get_payload())
    links = re.findall(r"(!?)\[[^\]]*\]\((?!#)([^)\s]+)\)", text)
    ours = (f"{repository}/blob/v{told['Version']}/", f"{raw}/v{told['Version']}/")
    pictures = [link for mark, link in links if mark]
    assert pictures
    assert all(link.startswith(ours[1]) for link in pictures)
    inside = [link for _, link in links if link.startswith(ours)]
    assert len(inside) > 10
    for link in inside:
        path = re.sub(f"^({'|'.join(map(re.escape, ours))})", "", link)
        assert (ROOT / path.partition("#")[0]).is_file(), link
    assert [link for _, link in links if not link.startswith("https://")] == []


def test_it_says_which_pythons_it_runs_on(wheel: Path) -> None:
    told = metadata(wheel)
    pythons = [each for each in told.get_all("Classifier", []) if ":: 3." in each]
    assert told["Requires-Python"] == ">=3.11"
    assert [each.rpartition(" ")[2] for each in pythons] == ["3.11", "3.12", "3.13", "3.14"]


def test_every_dependency_stays_below_its_next_major(wheel: Path) -> None:
    needed = metadata(wheel).get_all("Requires-Dist", [])
    assert len(needed) > 20
    loose = [each for each in needed if "<" not in each and not each.startswith("leadboard[")]
    assert loose == []


def test_what_is_installed_starts(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "venv"
    venv.create(place)
    python = place / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True)
    # What it needs is that of this environment, seen from there.
    (site,) = place.glob("lib/python*/site-packages")
    (site / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n")

    def said(*arguments: str) -> str:
        command = [str(place / "bin" / "leadboard"), *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout

    assert said("--version") == f"leadboard {metadata(wheel)['Version']}\n"
    assert f"settings: {tmp_path}" in said("paths")
    assert "New appeal" in said("keys")
    asked = "import leadboard, tui; print(leadboard.__file__, tui.__file__)"
    found = subprocess.run(
        [str(python), "-c", asked], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert all(each.startswith(str(site)) for each in found.stdout.split())
    assert all((place / page).is_file() for page in PAGES)
