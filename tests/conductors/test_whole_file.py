import errno
import os
import stat

import pytest

from downslope.errors import OutputError
from downslope.whole_file import check_writable, write


def test_existing_file_is_replaced_only_by_force(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    for attempt in (check_writable, lambda path: write(b"new", path)):
        with pytest.raises(OutputError, match=f"{path} exists; give another name, or replace it with"):
            attempt(path)
    assert path.read_text() == "old"
    check_writable(path, force=True)
    assert path.read_text() == "old"
    write(b"new", path, force=True)
    assert path.read_text() == "new"


def test_probe_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("force", [False, True])
def test_places_that_take_no_file(tmp_path, force):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    refused = {
        tmp_path / "folder": "it is a folder",
        tmp_path / "no" / "a": "there is no folder",
        tmp_path / "file" / "a": "not a directory",
        tmp_path / ("n" * 300): "file name too long",
        tmp_path / "link": "it is a link",
        "a\0b": "null",
        "/dev/full": "not a regular file",
        "": "it is a folder",
    }
    for path, reason in refused.items():
        for attempt in (check_writable, lambda path, force: write(b"", path, force=force)):
            with pytest.raises(OutputError, match=reason):
                attempt(path, force=force)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder", "link"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_read_only_folder_is_found_before_the_fit(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(OutputError, match="permission denied"):
        check_writable(tmp_path / "a")


def test_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="no space left on device"):
        write(b"new", tmp_path / "a", force=True)
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


def test_new_file_has_ordinary_permissions(tmp_path):
    (tmp_path / "ordinary").write_text("")
    write(b"", tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "ordinary").stat().st_mode
