"""Files on a disk of this machine, or on one that all machines share."""

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from b24app.errors import Busy, NotFound

NOT_KEPT = "This file is no longer kept."


class Disk:
    """A folder; what is written there and renamed survives a power cut."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def draft(self, key: str) -> Path:
        """Where a file is written before it counts."""
        part = self.path(key).with_suffix(".part")
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Busy(f"The file cannot be kept: {error.strerror}.") from error
        return part

    def keep(self, key: str, part: Path) -> None:
        final = self.path(key)
        part.rename(final)
        _sync_folder(final.parent)

    def confine(self, key: str, part: Path) -> None:
        """An infected file: kept for whoever looks into it, out of everybody's reach."""
        aside = self.folder / "quarantine"
        aside.mkdir(parents=True, exist_ok=True)
        part.chmod(0o400)
        part.rename(aside / key)

    def open(self, key: str) -> BinaryIO:
        try:
            return self.path(key).open("rb")
        except FileNotFoundError:
            raise NotFound(NOT_KEPT) from None

    def size(self, key: str) -> int:
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            raise NotFound(NOT_KEPT) from None

    def piece(self, key: str, start: int, stop: int) -> BinaryIO:
        """A stream that stands at `start`."""
        stream = self.open(key)
        stream.seek(start)
        return stream

    def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / key


def _sync_folder(folder: Path) -> None:
    """A rename is durable when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
