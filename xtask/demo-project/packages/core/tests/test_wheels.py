"""Tests of the wheels."""

import pytest

from wagon_core.wheels import spokes


def test_four_wheels_have_forty_eight_spokes():
    assert spokes(4) == 48


def test_fewer_than_no_wheels_are_refused():
    with pytest.raises(ValueError):
        spokes(-1)
