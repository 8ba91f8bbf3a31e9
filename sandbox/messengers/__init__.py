"""Messengers in small: their APIs for the application and a page that plays the clients' phones."""
