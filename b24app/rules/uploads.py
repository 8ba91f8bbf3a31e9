"""Which files a messenger takes."""

from collections.abc import Sequence


def file_fits(mime: str, types: Sequence[str]) -> bool:
    """Whether a file of this type is among `types`, as `image/*` or `image/png`; empty: any."""
    family = mime.split("/")[0] + "/*"
    return not types or mime in types or family in types
