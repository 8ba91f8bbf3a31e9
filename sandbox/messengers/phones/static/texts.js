// Texts of the phones in both languages.
const TEXTS = {
  ru: {
    note: 'Здесь вы — клиент. Откройте телефон, выберите, кому написать: сообщение придёт в приложение, как из настоящего мессенджера.',
    clients: 'Клиенты', accounts: 'Кого подключать', add: 'Добавить клиента', name: 'Имя', phone: 'Телефон',
    chats: 'Чаты', block: 'Заблокировать', unblock: 'Разблокировать', photo: 'Фото', camera: 'С камеры', file: 'Файл', voice: 'Голосовое',
    location: 'Место', contact: 'Контакт', sticker: 'Привет!', message: 'Сообщение', send: 'Отправить', attach: 'Прикрепить', back: 'Назад',
    cancel: 'Отменить', reply: 'Ответить', react: 'Отметить 👍', connected: 'подключён к приложению', idle: 'не подключён',
    copied: 'Скопировано', copy: 'Скопировать', open: 'Открыть телефон', close: 'Убрать телефон', failed: 'Не получилось', business: 'организация',
    waiting: 'ждут доставки',
  },
  en: {
    note: 'Here you are the client. Open a phone and choose whom to write to: the message reaches the application as from the real messenger.',
    clients: 'Clients', accounts: 'What to connect', add: 'Add a client', name: 'Name', phone: 'Phone',
    chats: 'Chats', block: 'Block', unblock: 'Unblock', photo: 'Photo', camera: 'Camera', file: 'File', voice: 'Voice',
    location: 'Place', contact: 'Contact', sticker: 'Hello!', message: 'Message', send: 'Send', attach: 'Attach', back: 'Back',
    cancel: 'Cancel', reply: 'Reply', react: 'Put 👍', connected: 'connected to the application', idle: 'not connected',
    copied: 'Copied', copy: 'Copy', open: 'Open the phone', close: 'Put the phone away', failed: 'That did not work', business: 'business',
    waiting: 'waiting',
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
