"""Core."""

__version__ = "1.2.3"
__version_info__ = (1, 2, 3)
VERSION: str = '1.2.3'  # 1.2.3
