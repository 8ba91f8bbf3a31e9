"""What the shop sells and where its visitors come from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lamp:
    name: dict[str, str]
    line: dict[str, str]
    price: int
    left: int


LAMPS = {
    "moon": Lamp(
        {"ru": "Луна", "en": "Moon"},
        {"ru": "Ночник из матового стекла, светит тепло и тихо", "en": "A frosted night light"},
        4900,
        2,
    ),
    "owl": Lamp(
        {"ru": "Сова", "en": "Owl"},
        {
            "ru": "Настольная лампа, смотрит туда, куда и вы",
            "en": "A desk lamp that looks with you",
        },
        3200,
        7,
    ),
    "lantern": Lamp(
        {"ru": "Фонарь", "en": "Lantern"},
        {
            "ru": "Для веранды и прогулок, держит заряд неделю",
            "en": "A week of light for the porch",
        },
        5600,
        4,
    ),
    "dandelion": Lamp(
        {"ru": "Одуванчик", "en": "Dandelion"},
        {"ru": "Торшер из ста двадцати огоньков", "en": "A floor lamp of 120 small lights"},
        8900,
        1,
    ),
}

# Where a visitor may have come from: what a site's address carries then.
ADS = (
    {
        "name": {"ru": "Реклама в поиске", "en": "Search advertising"},
        "slug": "moon",
        "tags": {
            "utm_source": "yandex",
            "utm_medium": "cpc",
            "utm_campaign": "night-lights",
            "utm_term": "ночник луна",
        },
    },
    {
        "name": {"ru": "Письмо подписчикам", "en": "A letter to subscribers"},
        "slug": "dandelion",
        "tags": {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "november"},
    },
    {
        "name": {"ru": "Пост в сообществе", "en": "A post in a community"},
        "slug": "owl",
        "tags": {
            "utm_source": "vk",
            "utm_medium": "social",
            "utm_campaign": "desk",
            "utm_content": "owl-photo",
        },
    },
)
