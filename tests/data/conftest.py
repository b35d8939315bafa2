"""Files made for one test."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file into the test's own folder, the current one; returns its name."""
    monkeypatch.chdir(tmp_path)

    def written(content: str | bytes, name: str = "t.csv") -> str:
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(raw)
        return name

    return written
