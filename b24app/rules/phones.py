"""How one phone number is written in different notebooks."""


def variants(phone: str) -> list[str]:
    """Spellings of an E.164 number to look for; Russian ones with 8 and without any code."""
    digits = phone.lstrip("+")
    if not digits:
        return []
    found = [f"+{digits}", digits]
    if len(digits) == 11 and digits.startswith("7"):
        found += ["8" + digits[1:], digits[1:]]
    return found
