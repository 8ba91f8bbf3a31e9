"""Files in a bucket that speaks S3: MEDIA_DIR=s3://bucket/prefix, keys from AWS_… settings.

Source: docs.aws.amazon.com/AmazonS3/latest/API (PutObject, GetObject, HeadObject, DeleteObject)
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from b24app.errors import Busy, NotFound
from b24app.media.disk import NOT_KEPT

SPOOL_BYTES = 1 << 20
TIMEOUT_SECONDS = 30
GONE_CODES = {"404", "NoSuchKey", "NotFound"}


class S3:
    """A prefix in a bucket; files are written here first, then put there whole."""

    def __init__(self, address: str, endpoint: str) -> None:
        parts = urlsplit(address)
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        self.endpoint = endpoint
        self.drafts = Path(tempfile.gettempdir())

    @cached_property
    def client(self) -> Any:
        import boto3
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"max_attempts": 3, "mode": "standard"},
            # Others than Amazon's own do not all know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if self.endpoint else "auto"},
        )
        return boto3.client("s3", endpoint_url=self.endpoint or None, config=config)

    def draft(self, key: str) -> Path:
        return self.drafts / f"callgear-{key}.part"

    def keep(self, key: str, part: Path) -> None:
        self._put(self._name(key), part)

    def confine(self, key: str, part: Path) -> None:
        """An infected file: kept for whoever looks into it, out of everybody's reach."""
        self._put(self._name(f"quarantine/{key}"), part)

    def open(self, key: str) -> BinaryIO:
        """The whole file, as a stream that can be read again."""
        with _told():
            body = self.client.get_object(Bucket=self.bucket, Key=self._name(key))["Body"]
            stream = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115
            with body:
                shutil.copyfileobj(body, stream)
        stream.seek(0)
        return cast(BinaryIO, stream)

    def size(self, key: str) -> int:
        with _told():
            told = self.client.head_object(Bucket=self.bucket, Key=self._name(key))
        return int(told["ContentLength"])

    def piece(self, key: str, start: int, stop: int) -> BinaryIO:
        """A stream of the bytes from `start`, up to `stop`."""
        wanted = {"Range": f"bytes={start}-{stop - 1}"} if stop > start else {}
        with _told():
            told = self.client.get_object(Bucket=self.bucket, Key=self._name(key), **wanted)
        return cast(BinaryIO, told["Body"])

    def delete(self, key: str) -> None:
        with _told():
            self.client.delete_object(Bucket=self.bucket, Key=self._name(key))

    def _put(self, name: str, part: Path) -> None:
        with _told(), part.open("rb") as body:
            self.client.put_object(Bucket=self.bucket, Key=name, Body=body)

    def _name(self, key: str) -> str:
        return f"{self.prefix}/{key}".lstrip("/")


@contextmanager
def _told() -> Iterator[None]:
    """What a bucket refuses, in our own errors."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in GONE_CODES:
            raise NotFound(NOT_KEPT) from None
        raise Busy(f"The store of files refuses: {code}.") from error
    except BotoCoreError as error:
        raise Busy("The store of files does not answer.") from error
