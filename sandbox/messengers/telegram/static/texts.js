// Texts of the phones in both languages.
export const TEXTS = {
  ru: {
    title: 'Телефоны клиентов',
    note: 'Здесь вы — клиент. Откройте телефон, выберите бота и напишите ему: сообщение придёт в приложение, как из настоящего Telegram.',
    clients: 'Клиенты', bots: 'Боты', add: 'Добавить клиента',
    first_name: 'Имя', last_name: 'Фамилия', phone: 'Телефон',
    chats: 'Чаты', start: 'Запустить', block: 'Заблокировать', unblock: 'Разблокировать',
    photo: 'Фото', camera: 'С камеры', document: 'Файл', voice: 'Голосовое', location: 'Место', contact: 'Мой контакт',
    sticker: 'Привет!', thanks: 'Спасибо',
    message: 'Сообщение', send: 'Отправить', attach: 'Прикрепить', back: 'Назад', cancel: 'Отменить',
    reply: 'Ответить', edit: 'Изменить', edited: 'изменено', bot: 'бот', typing: 'печатает…', sending: 'отправляет файл…',
    hooked: 'подключён к приложению', unhooked: 'не подключён', waiting: 'ждут доставки', copy: 'Скопировать токен', copied: 'Токен скопирован',
    empty: 'Здесь пока ничего нет', open: 'Открыть телефон', close: 'Убрать телефон', album: 'Альбом', failed: 'Не получилось',
  },
  en: {
    title: 'Clients’ phones',
    note: 'Here you are the client. Open a phone, choose a bot and write: the message reaches the application as from the real Telegram.',
    clients: 'Clients', bots: 'Bots', add: 'Add a client',
    first_name: 'First name', last_name: 'Last name', phone: 'Phone',
    chats: 'Chats', start: 'Start', block: 'Block', unblock: 'Unblock',
    photo: 'Photo', camera: 'Camera', document: 'File', voice: 'Voice', location: 'Place', contact: 'My contact',
    sticker: 'Hello!', thanks: 'Thanks',
    message: 'Message', send: 'Send', attach: 'Attach', back: 'Back', cancel: 'Cancel',
    reply: 'Reply', edit: 'Edit', edited: 'edited', bot: 'bot', typing: 'typing…', sending: 'sending a file…',
    hooked: 'connected to the application', unhooked: 'not connected', waiting: 'waiting', copy: 'Copy the token', copied: 'Token copied',
    empty: 'Nothing here yet', open: 'Open the phone', close: 'Put the phone away', album: 'Album', failed: 'That did not work',
  },
};

const query = new URLSearchParams(location.search);
let lang = query.get('lang') || localStorage.getItem('lang') || (navigator.language.startsWith('ru') ? 'ru' : 'en');

export const t = (name) => TEXTS[lang]?.[name] ?? TEXTS.en[name] ?? name;
export const language = () => lang;
export function speak(next) {
  lang = next;
  localStorage.setItem('lang', next);
}

/** Puts the texts of the language into everything below `root`. */
export function label(root) {
  for (const el of root.querySelectorAll('[data-text]')) el.textContent = t(el.dataset.text);
  for (const el of root.querySelectorAll('[data-placeholder]')) el.placeholder = t(el.dataset.placeholder);
  for (const el of root.querySelectorAll('[data-label]')) el.setAttribute('aria-label', t(el.dataset.label));
}
