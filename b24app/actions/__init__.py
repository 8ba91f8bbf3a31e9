"""Deeds: one function, one deed. Modules may bring `JOBS`: job kind → what keeps it."""
