"""What the API's views share: the door, the pieces of requests, the shape of refusals."""

from typing import Annotated

from flask import Response, g, make_response
from flask_openapi.blueprint import APIBlueprint
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from b24app import clock
from b24app.errors import Invalid
from b24app.web import answers, guard

Number = Annotated[str, Field(pattern=r"^\d{1,18}$")]
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}]


class Body(BaseModel):
    """A JSON body: nothing unknown, nothing guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """A query string; unknown names are refused."""

    model_config = ConfigDict(extra="forbid")


class ById(BaseModel):
    number: int = Field(ge=1, le=2**53)


def blueprint(name: str) -> APIBlueprint:
    """A part of /api/v1; who has no valid token is refused before anything is read."""
    made = APIBlueprint(f"api_{name}", __name__, url_prefix="/api/v1", abp_security=SECURITY)
    made.before_request(_known_only)
    return made


def invalid(error: ValidationError) -> Response:
    """Our words for a request that does not fit: each field and what is wrong with it."""
    fields = {
        ".".join(str(part) for part in one["loc"]) or "body": one["msg"] for one in error.errors()
    }
    answer, status = answers.refused(Invalid("The request does not fit.", fields=fields))
    return make_response(answer, status)


def numbers(texts: list[str]) -> list[int]:
    return [int(text) for text in texts]


def _known_only() -> None:
    guard.check_origin()
    g.language = guard.read(guard.bearer(), clock.now()).language
