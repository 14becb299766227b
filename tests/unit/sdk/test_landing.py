"""What is fetched gets its name when it is whole."""

import errno
import os
from pathlib import Path

import pytest

from penstock.sdk.landing import landing


def test_what_breaks_off_leaves_nothing_and_names_the_file(tmp_path: Path) -> None:
    target = tmp_path / "gold.zip"
    target.write_bytes(b"of before")
    with pytest.raises(OSError, match=r"No space left.*gold\.zip"), landing(target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert [path.name for path in tmp_path.iterdir()] == ["gold.zip"]
    assert target.read_bytes() == b"of before"
    with landing(target) as out:
        out.write(b"whole")
    assert target.read_bytes() == b"whole"
