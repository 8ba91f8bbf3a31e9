"""Settings: defaults, and nonsense refused in words."""

from pathlib import Path

import pytest

from b24app import config


def test_defaults_run_on_sqlite(tmp_path: Path) -> None:
    settings = config.read({}, var=tmp_path)
    assert settings.database_url.startswith("sqlite")
    assert settings.embedded


def test_made_secrets_are_kept(tmp_path: Path) -> None:
    assert config.read({}, var=tmp_path).secret_key == config.read({}, var=tmp_path).secret_key


def test_postgres_requires_secrets(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="SECRET_KEY"):
        config.read({"DATABASE_URL": "postgresql+psycopg://x/y"}, var=tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "0"),
        ("PUBLIC_URL", "http://chats.example"),
        ("PUBLIC_URL", "ftp://127.0.0.1"),
        ("DATABASE_URL", "mysql://x"),
        ("ALLOW_PRIVATE_HOSTS", "yes"),
        ("BITRIX24_RATE", "-1"),
        ("BITRIX24_RATE", "fast"),
        ("LOG_LEVEL", "loud"),
        ("BITRIX24_OAUTH_URLS", "oauth.bitrix.info"),
    ],
)
def test_nonsense_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match=name):
        config.read({name: value}, var=tmp_path)
