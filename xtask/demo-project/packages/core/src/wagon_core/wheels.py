"""What a wagon rolls on."""


def spokes(wheels: int) -> int:
    """Return how many spokes that many wheels have."""
    if wheels < 0:
        raise ValueError("a wagon has no fewer than no wheels")
    return wheels * 12
