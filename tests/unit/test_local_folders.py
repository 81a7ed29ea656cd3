"""The data folder: who may enter what, where sockets lie, and what is refused. As root also what `nobody` may enter."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.local.account import can_enter
from services.local.errors import AlreadyRunningError, FolderError
from services.local.folders import SOCKET_PATH_LIMIT, DataFolder

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def opened() -> Iterator[Callable[[Path], DataFolder]]:
    folders: list[DataFolder] = []

    def open_folder(path: Path) -> DataFolder:
        folders.append(DataFolder.open(path))
        return folders[-1]

    yield open_folder
    for folder in folders:
        folder.discard()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_what_is_in_a_data_folder(tmp_path: Path, opened: Callable[[Path], DataFolder]) -> None:
    folder = opened(tmp_path / "deep" / "home")
    assert mode(folder.root) == (0o711 if AS_ROOT else 0o700)
    for private in (folder.run, folder.logs, folder.root / "secrets", folder.postgres, folder.valkey, folder.sockets):
        assert mode(private) == 0o700


def test_opening_a_folder_again_changes_nothing(tmp_path: Path, opened: Callable[[Path], DataFolder]) -> None:
    assert opened(tmp_path / "home") == opened(tmp_path / "home")


def test_the_account_of_the_servers_can_enter_their_folders(
    tmp_path: Path, opened: Callable[[Path], DataFolder]
) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    folder = opened(tmp_path / "private" / "home")
    for own in (folder.postgres, folder.valkey, folder.sockets):
        assert can_enter(folder.account, own)


@pytest.mark.skipif(not AS_ROOT, reason="only root hands the servers to another account")
def test_stores_that_lie_elsewhere_are_named_in_the_data_folder(
    tmp_path: Path, opened: Callable[[Path], DataFolder]
) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    folder = opened(tmp_path / "private" / "home")
    assert folder.stores != folder.root
    assert (folder.root / "STORES").read_text() == f"{folder.stores}\n"
    assert folder.stores.stat().st_uid == 0
    assert not can_enter(folder.account, folder.root / "secrets")


@pytest.mark.skipif(not AS_ROOT, reason="only root hands the servers to another account")
def test_stores_that_are_named_but_gone_are_an_error_and_not_an_empty_database(
    tmp_path: Path, opened: Callable[[Path], DataFolder]
) -> None:
    root = tmp_path / "private" / "home"
    root.mkdir(parents=True)
    (root / "STORES").write_text("/nowhere/at/all\n")
    with pytest.raises(FolderError, match="/nowhere/at/all, but it is not there"):
        opened(root)


@pytest.mark.parametrize("name", ["x" * 120, "with a space", "so?query=1"])
def test_sockets_have_short_plain_paths_whatever_the_folder_is_called(
    tmp_path: Path, opened: Callable[[Path], DataFolder], name: str
) -> None:
    sockets = opened(tmp_path / name).sockets
    assert len(f"{sockets}/.s.PGSQL.5432") <= SOCKET_PATH_LIMIT
    assert not set("? %#") & set(str(sockets))
    assert mode(sockets) == 0o700


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path, opened: Callable[[Path], DataFolder]) -> None:
    folder = opened(tmp_path)
    secret = folder.secret("owner.password")
    assert len(secret) >= 43
    assert folder.secret("owner.password") == secret
    assert folder.secret("app.password") != secret
    assert mode(folder.secret_path("owner.password")) == 0o600


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="cannot be used"):
        DataFolder.open(tmp_path / "file" / "home")


def test_a_link_in_the_place_of_a_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "logs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="must be a folder of user"):
        DataFolder.open(tmp_path / "home")


@pytest.mark.skipif(not AS_ROOT, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home" / "secrets").mkdir(parents=True)
    os.chown(tmp_path / "home" / "secrets", 4242, 4242)
    with pytest.raises(FolderError, match="belongs to user 4242"):
        DataFolder.open(tmp_path / "home")


def test_the_lock_is_free_again_after_its_block(tmp_path: Path, opened: Callable[[Path], DataFolder]) -> None:
    folder = opened(tmp_path)
    assert folder.holder() is None
    with folder.lock():
        assert folder.holder() == os.getpid()
        with pytest.raises(AlreadyRunningError), folder.lock():
            pass
    assert folder.holder() is None


def test_a_discarded_folder_is_gone_with_its_stores(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path / "home")
    folder.discard()
    assert not folder.root.exists()
    assert not folder.stores.exists()
    assert not folder.sockets.exists()
