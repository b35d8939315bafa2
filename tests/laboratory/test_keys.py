"""The key of a port, which only its owner may read."""

import os
import stat
import time

import pytest

from downslope.laboratory import keys

pytestmark = pytest.mark.skipif(os.name != "posix", reason="elsewhere each start has a key of its own")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "downslope"


def test_a_second_start_has_the_same_key_and_another_port_another(folder):
    first = keys.kept(8765)
    assert keys.kept(8765) == first != keys.kept(8766)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "key-8765").stat().st_mode) == 0o600


def test_without_a_runtime_folder_it_stands_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert keys.kept(1) == keys.kept(1) == (tmp_path / ".cache/downslope/lab/key-1").read_text()


def test_a_key_that_others_may_read_is_not_used(folder):
    first = keys.kept(1)
    (folder / "key-1").chmod(0o644)
    assert first not in (keys.kept(1), keys.kept(1))


def test_a_folder_that_others_may_enter_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o755)
    assert keys.kept(1) != keys.kept(1) and not list(folder.iterdir())


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_is_not_followed(folder, tmp_path, link):
    folder.mkdir(mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("a" * 43)
    elsewhere.chmod(0o600)
    link(elsewhere, folder / "key-1")
    assert keys.kept(1) != "a" * 43 and elsewhere.read_text() == "a" * 43


def test_a_linked_folder_is_not_used(folder, tmp_path):
    (tmp_path / "other").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "other")
    assert keys.kept(1) != keys.kept(1) and not list((tmp_path / "other").iterdir())


def test_a_pipe_does_not_hang(folder):
    folder.mkdir(mode=0o700)
    os.mkfifo(folder / "key-1", 0o600)
    assert keys.kept(1) != keys.kept(1)


@pytest.mark.parametrize("text", ["", "short", "a" * 44, "é" * 43, "../" * 20])
def test_a_broken_key_is_replaced(folder, text):
    folder.mkdir(mode=0o700)
    (folder / "key-1").write_text(text)
    (folder / "key-1").chmod(0o600)
    assert keys.kept(1) == keys.kept(1) != text


def test_an_old_key_is_forgotten(folder):
    first = keys.kept(1)
    old = time.time() - keys.KEPT - 10
    os.utime(folder / "key-1", (old, old))
    assert keys.kept(1) != first


def test_where_nothing_can_be_written_each_key_is_fresh(monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/dev/null")
    assert keys.kept(1) != keys.kept(1)
