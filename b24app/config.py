"""Settings from the environment, read once; nonsense stops the start with a sentence."""

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOG_LEVELS = ("debug", "info", "warning", "error")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ConfigError(ValueError):
    """A setting makes no sense; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Config:
    public_url: str
    host: str
    port: int
    database_url: str
    redis_url: str
    secret_key: str
    encryption_keys: tuple[str, ...]
    client_id: str
    client_secret: str
    oauth_urls: tuple[str, ...]
    allow_private_hosts: bool
    telegram_api_url: str
    telegram_client: str
    whatsapp_api_url: str
    viber_api_url: str
    bitrix_rate: float
    bitrix_burst: int
    media_dir: str
    media_url: str
    media_keep_days: int
    s3_endpoint_url: str
    virus_scanner: str
    log_level: str
    log_format: str
    metrics_token: str

    @property
    def embedded(self) -> bool:
        """One process does everything (no Redis)."""
        return not self.redis_url


def read(env: Mapping[str, str] = os.environ, var: Path = Path("var")) -> Config:
    """The settings that `env` describes.

    Args:
        var: where secrets are made and kept when SQLite is used and none are given.
    Raises:
        ConfigError: a value is missing or impossible.
    """
    sqlite = _text(env, "DATABASE_URL", "sqlite:///var/app.db").startswith("sqlite")
    return Config(
        public_url=_public_url(env),
        host=_text(env, "HOST", "127.0.0.1"),
        port=_number(env, "PORT", 8000, low=1, high=65535),
        database_url=_database_url(env),
        redis_url=_text(env, "REDIS_URL", ""),
        secret_key=_secret(env, "SECRET_KEY", var / "secret_key", sqlite),
        encryption_keys=tuple(
            _secret(env, "ENCRYPTION_KEYS", var / "encryption_keys", sqlite).split()
        ),
        client_id=_text(env, "BITRIX24_CLIENT_ID", ""),
        client_secret=_text(env, "BITRIX24_CLIENT_SECRET", ""),
        oauth_urls=_oauth_urls(env),
        allow_private_hosts=_flag(env, "ALLOW_PRIVATE_HOSTS"),
        telegram_api_url=_url(env, "TELEGRAM_API_URL", "https://api.telegram.org"),
        telegram_client=_text(
            env, "TELEGRAM_CLIENT", "b24app.channels.telegram_personal.client:TelethonClient"
        ),
        whatsapp_api_url=_url(env, "WHATSAPP_API_URL", "https://graph.facebook.com"),
        viber_api_url=_url(env, "VIBER_API_URL", "https://chatapi.viber.com"),
        bitrix_rate=_rate(env, "BITRIX24_RATE", 2.0),
        bitrix_burst=_number(env, "BITRIX24_BURST", 50, low=1, high=10_000),
        media_dir=_media_dir(env),
        media_url=_text(env, "MEDIA_URL", ""),
        media_keep_days=_number(env, "MEDIA_KEEP_DAYS", 0, low=0, high=36_500),
        s3_endpoint_url=_text(env, "S3_ENDPOINT_URL", ""),
        virus_scanner=_text(env, "VIRUS_SCANNER", ""),
        log_level=_choice(env, "LOG_LEVEL", "info", LOG_LEVELS),
        log_format=_choice(env, "LOG_FORMAT", "text", ("text", "json")),
        metrics_token=_text(env, "METRICS_TOKEN", ""),
    )


def _text(env: Mapping[str, str], name: str, default: str) -> str:
    return env.get(name, "").strip() or default


def _number(env: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    text = _text(env, name, str(default))
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name}={text!r} is not a whole number from {low} to {high}.")
    return int(text)


def _rate(env: Mapping[str, str], name: str, default: float) -> float:
    text = _text(env, name, str(default))
    try:
        rate = float(text)
    except ValueError:
        raise ConfigError(f"{name}={text!r} is not a number of requests a second.") from None
    if not 0 < rate <= 1000:
        raise ConfigError(f"{name}={text!r} must be above 0 and at most 1000 requests a second.")
    return rate


def _flag(env: Mapping[str, str], name: str) -> bool:
    return _choice(env, name, "0", ("0", "1")) == "1"


def _choice(env: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    text = _text(env, name, default).lower()
    if text not in choices:
        raise ConfigError(f"{name}={text!r} is none of {', '.join(choices)}.")
    return text


def _url(env: Mapping[str, str], name: str, default: str) -> str:
    text = _text(env, name, default).rstrip("/")
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{name}={text!r} is not an http(s) address.")
    return text


def _public_url(env: Mapping[str, str]) -> str:
    url = _url(env, "PUBLIC_URL", "http://127.0.0.1:8000")
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ConfigError(
            f"PUBLIC_URL={url!r} must be https: Bitrix24 and messengers call nothing else."
        )
    return url


def _media_dir(env: Mapping[str, str]) -> str:
    """A folder, or `s3://bucket/prefix`."""
    text = _text(env, "MEDIA_DIR", "var/media")
    parts = urlsplit(text)
    if "://" in text and (parts.scheme != "s3" or not parts.netloc):
        raise ConfigError(f"MEDIA_DIR={text!r} is neither a folder nor s3://bucket/prefix.")
    return text


def _oauth_urls(env: Mapping[str, str]) -> tuple[str, ...]:
    default = "https://oauth.bitrix.info https://oauth.bitrix24.tech"
    urls = _text(env, "BITRIX24_OAUTH_URLS", default).split()
    return tuple(_url({"BITRIX24_OAUTH_URLS": url}, "BITRIX24_OAUTH_URLS", url) for url in urls)


def _database_url(env: Mapping[str, str]) -> str:
    url = _text(env, "DATABASE_URL", "sqlite:///var/app.db")
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigError("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://.")
    return url


def _secret(env: Mapping[str, str], name: str, kept: Path, may_make: bool) -> str:
    """The secret from `env`; with SQLite one is made once and kept in a file."""
    if given := _text(env, name, ""):
        return given
    if not may_make:
        raise ConfigError(f"{name} is required when DATABASE_URL is not SQLite.")
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(_fresh(name))
    return kept.read_text().strip()


def _fresh(name: str) -> str:
    if name == "SECRET_KEY":
        return secrets.token_urlsafe(48)
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
