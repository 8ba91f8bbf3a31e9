"""What the log may keep."""

import pytest

from b24app.bitrix.masking import masked, masked_text


def test_secrets_are_hidden_at_any_depth() -> None:
    told = masked({"a": [{"Refresh_Token": "r1", "auth": {"access_token": "a1"}}], "n": 5})
    assert told == '{"a": [{"Refresh_Token": "***", "auth": "***"}], "n": 5}'


@pytest.mark.parametrize(
    "text",
    [
        "/rest/download.json?id=1&token=s3cret",
        "https://x/?auth=s3cret&b=1",
        "m.get?access_token=s3cret",
        "application_token%3Ds3cret",
        "https://x/?ncc=1&secret=s3cret",
    ],
)
def test_signed_links_lose_their_keys(text: str) -> None:
    assert "s3cret" not in masked([text])
    assert "s3cret" not in masked_text(text)


def test_ordinary_words_stay() -> None:
    assert masked({"text": "the author writes, auth is fine"}) == (
        '{"text": "the author writes, auth is fine"}'
    )


def test_long_answers_are_cut() -> None:
    assert len(masked("x" * 100, limit=20)) == 20


def test_endless_nesting_is_survived() -> None:
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    assert masked(deep) == "nested too deep to be kept"


def test_unstorable_characters_are_replaced() -> None:
    assert masked("\ud800") == '"?"'
    assert masked_text("a\x00b") == "ab"
