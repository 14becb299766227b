"""Settings are refused at the start, not when they are first used."""

from pathlib import Path

import pytest

from penstock.core import Settings
from penstock.core.settings import SettingsInvalid


def test_networks_are_looked_at_when_they_are_told(tmp_path: Path) -> None:
    told = {"PENSTOCK_ALLOW_NETWORKS": "10.0.0.0/8, 192.168.1.7"}
    assert Settings.load(told, tmp_path).allow_networks == ["10.0.0.0/8", "192.168.1.7"]
    with pytest.raises(SettingsInvalid, match=r"allow_networks.*10\.0\.0\.0/99.*is written like"):
        Settings.load({"PENSTOCK_ALLOW_NETWORKS": "10.0.0.0/99"}, tmp_path)
