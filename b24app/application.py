"""The application: reads its settings, opens the database, registers every door."""

import logging
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from cryptography.fernet import Fernet, MultiFernet
from flask import Blueprint, Flask
from flask_migrate import Migrate
from flask_openapi.blueprint import APIBlueprint
from flask_openapi.models.info import Info
from flask_openapi.openapi import OpenAPI
from werkzeug.exceptions import HTTPException

from b24app import __version__, bell, channels, cli, db, http, media
from b24app import config as configuration
from b24app.config import Config
from b24app.errors import AppError
from b24app.web import answers, api

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Config | None = None) -> Flask:
    config = config or configuration.read()
    app = OpenAPI(
        "b24app",
        root_path=str(ROOT),
        static_folder="static",
        template_folder="templates",
        info=Info(title="CallGear Chats", version=__version__),
        security_schemes={"bearer": {"type": "http", "scheme": "bearer"}},
        validation_error_status=400,
        validation_error_callback=api.invalid,
        doc_prefix="/api/v1",
        doc_ui=False,
    )
    app.config.update(
        CALLGEAR=config,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=_database(config.database_url),
        MAX_CONTENT_LENGTH=25 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        MAX_FORM_PARTS=2500,
    )
    logging.basicConfig(
        level=config.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    db.Keyring.fernet = MultiFernet([Fernet(key) for key in config.encryption_keys])
    http.configure(allow_private=config.allow_private_hosts)
    media.configure(config)
    channels.configure(config)
    db.init_app(app)
    Migrate(app, db.db, directory=str(ROOT / "migrations"), render_as_batch=True, compare_type=True)
    for module in rooms("b24app.web") + rooms("placement"):
        blueprint = getattr(module, "blueprint", None)
        if isinstance(blueprint, APIBlueprint):
            app.register_api(blueprint)
        elif isinstance(blueprint, Blueprint):
            app.register_blueprint(blueprint)
        if init := getattr(module, "init_app", None):
            init(app)
    app.add_url_rule("/api/v1/openapi.json", "openapi", lambda: app.api_doc)
    app.json = answers.Json(app)
    app.register_error_handler(AppError, answers.refused)
    app.register_error_handler(HTTPException, answers.http_refused)
    cli.init_app(app)
    if config.redis_url:
        bell.connect(config.redis_url)
    return app


def rooms(package: str) -> list[object]:
    """Every module of a package, in the order of their names."""
    home = import_module(package)
    names = sorted(found.name for found in iter_modules(home.__path__))
    return [home, *(import_module(f"{package}.{name}") for name in names)]


def _database(url: str) -> str:
    """SQLite paths count from the project's root, wherever the process was started."""
    if not url.startswith("sqlite:///") or url.startswith("sqlite:////"):
        return url
    path = ROOT / url.removeprefix("sqlite:///")
    path.parent.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{path}"
