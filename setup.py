"""Everything that can be said in setup.cfg stands there; the wheel also carries gin_configs/ inside the package."""

from pathlib import Path

from setuptools import find_packages, setup

configs = ["gin_configs", *(str(path.as_posix()) for path in Path("gin_configs").rglob("*") if path.is_dir())]
inside = {"tfdisent." + folder.replace("/", "."): folder for folder in configs}

setup(
    packages=[*find_packages(include=["tfdisent", "tfdisent.*"]), *inside],
    package_dir=inside,
    package_data={package: ["*.gin", "*.md"] for package in inside},
)
