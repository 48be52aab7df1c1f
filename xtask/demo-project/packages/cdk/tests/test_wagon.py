"""Tests of the wagon."""

from wagon_cdk import wagon


def test_a_wagon_has_its_spokes():
    assert "48 spokes" in wagon()
