// One message on a phone.
import { language, t } from './texts.js';

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const fileUrl = (file) => `/_sandbox/files/${file.file_id}`;
const size = (bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

const BODIES = {
  photo: (sizes) => el('a', { href: fileUrl(sizes.at(-1)), target: '_blank', class: 'photo' },
    el('img', { src: fileUrl(sizes.at(-1)), alt: t('photo'), width: sizes.at(-1).width, height: sizes.at(-1).height })),
  sticker: (file) => el('img', { src: fileUrl(file), alt: file.emoji, class: 'sticker', width: 150, height: 150 }),
  voice: (file) => el('audio', { src: fileUrl(file), controls: '', preload: 'metadata' }),
  audio: (file) => el('audio', { src: fileUrl(file), controls: '', preload: 'metadata' }),
  video: (file) => el('video', { src: fileUrl(file), controls: '', preload: 'metadata' }),
  animation: (file) => (file.mime_type.startsWith('image/')
    ? el('img', { src: fileUrl(file), alt: file.file_name, class: 'animation' })
    : el('video', { src: fileUrl(file), autoplay: '', loop: '', muted: '' })),
  document: (file) => el('a', { href: fileUrl(file), target: '_blank', class: 'file' },
    el('i', {}, (file.file_name.split('.').pop() || '?').slice(0, 4)),
    el('span', {}, el('b', {}, file.file_name), el('small', {}, size(file.file_size)))),
  location: (place) => el('span', { class: 'place' }, el('i', {}, '📍'), el('small', {}, `${place.latitude.toFixed(4)}, ${place.longitude.toFixed(4)}`)),
  contact: (card) => el('span', { class: 'file card' }, el('i', {}, card.first_name[0]),
    el('span', {}, el('b', {}, [card.first_name, card.last_name].filter(Boolean).join(' ')), el('small', {}, card.phone_number))),
};

/** What a message is in one line: for quotes and the list of chats. */
export function gist(message) {
  const kind = Object.keys(BODIES).find((name) => message[name]);
  return message.text || message.caption || (kind === 'sticker' ? message.sticker.emoji : kind ? t(kind) : '');
}

/** The `<li>` of a message. */
export function bubble(message, deeds) {
  const kind = Object.keys(BODIES).find((name) => message[name]);
  const text = message.text ?? message.caption;
  const quote = message.reply_to_message;
  const box = el('div', { class: `bubble ${kind ?? 'words'}` },
    quote ? el('blockquote', { 'data-test': 'quote' }, el('b', {}, quote.from.first_name), gist(quote)) : null,
    kind ? BODIES[kind](message[kind]) : null,
    text ? el('p', { 'data-test': 'message-text' }, text) : null,
    el('span', { class: 'meta' }, message.edit_date ? el('em', {}, t('edited')) : null,
      el('time', {}, clock(message.date)), message.from_bot ? null : el('span', { class: 'tick' }, '✓')));
  return el('li', {
    class: message.from_bot ? 'theirs' : 'mine', 'data-test': 'message', 'data-id': message.message_id,
    'data-direction': message.from_bot ? 'in' : 'out', 'data-kind': kind ?? 'text', 'data-group': message.media_group_id,
  }, box, tools(message, deeds), buttons(message, deeds));
}

function tools(message, deeds) {
  const editable = !message.from_bot && (message.text ?? message.caption) !== undefined;
  return el('span', { class: 'tools' },
    el('button', { type: 'button', title: t('reply'), 'aria-label': t('reply'), 'data-test': 'reply', onclick: () => deeds.reply(message) }, '↩'),
    editable ? el('button', { type: 'button', title: t('edit'), 'aria-label': t('edit'), 'data-test': 'edit', onclick: () => deeds.edit(message) }, '✎') : null);
}

function buttons(message, deeds) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return el('div', { class: 'keyboard' }, ...rows.map((row) => el('div', {}, ...row.map((button) =>
    el('button', { type: 'button', 'data-test': 'inline-button', onclick: () => deeds.press(message, button.callback_data) }, button.text)))));
}
