"""The shop's words in both languages."""

LANGUAGES = ("ru", "en")

TEXTS = {
    "ru": {
        "shop": "Сова и лампа",
        "slogan": "Светильники, с которыми не хочется спать",
        "about": "Маленький магазин ламп, которого нет на самом деле. "
        "Спросите нас о чём угодно: окно чата в правом нижнем углу.",
        "lamps": "Лампы",
        "choose": "Выбрать лампу",
        "price": "₽",
        "left": "в наличии: {}",
        "ask": "Есть вопрос? Напишите в чат, ответим за минуту.",
        "delivery": "Доставка по городу — завтра, 300 ₽. Самовывоз — бесплатно.",
        "warranty": "Гарантия три года. Не подойдёт — заберём обратно за 30 дней.",
        "others": "Ещё лампы",
        "ads": "Откуда приходят посетители",
        "ads_note": "Эти ссылки ведут на товар с метками, как из рекламы: "
        "оператор увидит их рядом с чатом.",
        "contacts": "Контакты",
        "address": "Город Светлый, улица Фонарная, 12. Каждый день с 10 до 20.",
        "letter": "Обратный звонок",
        "name": "Имя",
        "phone": "Телефон",
        "message": "Что вас интересует?",
        "send": "Отправить",
        "sent": "Спасибо! Мы получили вашу заявку.",
        "settings": "Настройка виджета",
        "settings_note": "Вставьте ключ канала, адрес скрипта или всю строку <script>, "
        "которую показывает приложение. Пустое поле убирает виджет.",
        "widget": "Виджет",
        "save": "Сохранить",
        "wrong": "Это не похоже ни на ключ, ни на адрес скрипта.",
        "no_widget": "Виджет ещё не подключён.",
        "connect": "Подключить",
        "other_language": "English",
    },
    "en": {
        "shop": "Owl & Lamp",
        "slogan": "Lamps that keep you awake, gladly",
        "about": "A small shop of lamps that does not exist. "
        "Ask us anything: the chat is in the lower right corner.",
        "lamps": "Lamps",
        "choose": "Choose a lamp",
        "price": "₽",
        "left": "in stock: {}",
        "ask": "A question? Write to the chat, we answer within a minute.",
        "delivery": "Delivery in town tomorrow, 300 ₽. Collect it yourself for free.",
        "warranty": "Three years of warranty. Thirty days to bring it back.",
        "others": "More lamps",
        "ads": "Where visitors come from",
        "ads_note": "These links lead to a lamp with tags as from advertising: "
        "the operator sees them beside the chat.",
        "contacts": "Contacts",
        "address": "12 Lantern Street, Brightville. Every day from 10 to 20.",
        "letter": "Call me back",
        "name": "Name",
        "phone": "Phone",
        "message": "What are you interested in?",
        "send": "Send",
        "sent": "Thank you! We have got your request.",
        "settings": "Widget settings",
        "settings_note": "Paste the channel's key, the script's address or the whole <script> line "
        "the application shows. An empty field takes the widget away.",
        "widget": "Widget",
        "save": "Save",
        "wrong": "This is neither a key nor a script's address.",
        "no_widget": "There is no widget yet.",
        "connect": "Connect it",
        "other_language": "Русский",
    },
}
