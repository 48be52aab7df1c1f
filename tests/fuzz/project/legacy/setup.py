#!/usr/bin/env python
from setuptools import setup

VERSION = "1.2.3"

setup(
    name="wagon-legacy",
    version="1.2.3",  # version="1.2.3"
    python_requires=">=3.9",
    min_version="1.2.3",
)
