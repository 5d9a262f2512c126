"""The one thing that pyproject.toml cannot say: resources/ ships inside the package."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithResources(build_py):
    """Copies ``resources`` to ``nnviz/resources``, where ``resource()`` looks."""

    def run(self) -> None:
        """Build the package, then add what ships with it."""
        super().run()
        if not self.editable_mode:
            shutil.copytree(
                Path(__file__).parent / "resources",
                Path(self.build_lib) / "nnviz" / "resources",
                ignore=shutil.ignore_patterns("screenshots"),
                dirs_exist_ok=True,
            )


setup(cmdclass={"build_py": BuildWithResources})
