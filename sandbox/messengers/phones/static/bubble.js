// One message on a phone.
import { language, t } from './texts.js';

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ''));
  return node;
}

export const clock = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString(language(), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const url = (file) => file.url ?? `/_sandbox/files/${file.id}`;
const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

function medium(message) {
  const { file } = message;
  if (message.kind === 'sticker') return el('img', { src: url(file), alt: t('sticker'), class: 'sticker', width: 150, height: 150 });
  if (file.mime.startsWith('image/')) return el('a', { href: url(file), target: '_blank', class: 'photo' }, el('img', { src: url(file), alt: t('photo') }));
  if (file.mime.startsWith('audio/')) return el('audio', { src: url(file), controls: '', preload: 'metadata' });
  if (file.mime.startsWith('video/')) return el('video', { src: url(file), controls: '', preload: 'metadata' });
  return el('a', { href: url(file), target: '_blank', class: 'file' }, el('i', {}, (file.name.split('.').pop() || '?').slice(0, 4)),
    el('span', {}, el('b', {}, file.name), el('small', {}, size(file.size))));
}

function things(message) {
  const { location, contact } = message;
  if (location) {
    return el('span', { class: 'place' }, el('i', {}, '📍'), el('small', {}, `${Number(location.latitude).toFixed(4)}, ${Number(location.longitude).toFixed(4)}`));
  }
  if (contact) {
    return el('span', { class: 'file card' }, el('i', {}, contact.name[0]), el('span', {}, el('b', {}, contact.name), el('small', {}, contact.phone)));
  }
  return null;
}

/** What a message is in one line: for quotes and the list of chats. */
export const gist = (message) => message.text || message.file?.name || t(message.kind);

const TICKS = { sent: '✓', delivered: '✓✓', read: '✓✓', failed: '!' };

/** The `<li>` of a message; `quoted` is the message that it answers. */
export function bubble(message, quoted, can, deeds) {
  const box = el('div', { class: `bubble ${message.kind}` },
    quoted ? el('blockquote', { 'data-test': 'quote' }, gist(quoted)) : null,
    message.file ? medium(message) : null, things(message),
    message.text ? el('p', { 'data-test': 'message-text' }, message.text) : null,
    message.footer ? el('span', { class: 'footer' }, message.footer) : null,
    el('span', { class: 'meta' }, el('time', {}, clock(message.at)),
      message.mine ? el('span', { class: `tick ${message.state}` }, TICKS[message.state]) : null),
    message.reaction ? el('span', { class: 'reaction', 'data-test': 'reaction' }, message.reaction) : null);
  return el('li', {
    class: `${message.mine ? 'mine' : 'theirs'} ${message.state}`, 'data-test': 'message', 'data-id': message.id,
    'data-direction': message.mine ? 'out' : 'in', 'data-kind': message.kind,
  }, box, tools(message, can, deeds), buttons(message, deeds));
}

function tools(message, can, deeds) {
  const one = (name, sign, deed) => el('button', { type: 'button', title: t(name), 'aria-label': t(name), 'data-test': name, onclick: deed }, sign);
  return el('span', { class: 'tools' },
    can.quote ? one('reply', '↩', () => deeds.reply(message)) : null,
    can.react && !message.mine ? one('react', '👍', () => deeds.react(message, message.reaction ? '' : '👍')) : null);
}

function buttons(message, deeds) {
  if (!message.buttons?.length) return null;
  return el('div', { class: 'keyboard' }, ...message.buttons.map((text) => el('div', {},
    el('button', { type: 'button', 'data-test': 'template-button', onclick: () => deeds.press(message, text) }, text))));
}
