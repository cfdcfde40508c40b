"""The application: people, courses, lessons, their pages and their timeline."""

from importlib.metadata import PackageNotFoundError, version


def _installed_version() -> str:
    try:
        return version("darsgoh")
    except PackageNotFoundError:  # run from a checkout that was never installed
        return "0.0.0"


__version__ = _installed_version()
