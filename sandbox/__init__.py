"""The outside world in small: a Bitrix24 portal, messengers and a shop for demos and tests."""
