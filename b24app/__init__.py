"""CallGear Chats: omnichannel conversations inside Bitrix24."""

__version__ = "0.1.0"
