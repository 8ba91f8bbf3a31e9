// Clients' phones: every deed goes through the control API, every news comes from it.
import { bubble, clock, el, gist } from './bubble.js';
import { label, language, speak, t } from './texts.js';

const COLOURS = ['#e17076', '#7bc862', '#65aadd', '#a695e7', '#ee7aae', '#6ec9cb', '#faa774'];
const NEWS_SECONDS = 20;
const ACTION_SECONDS = 5;
const query = new URLSearchParams(location.search);
const phones = new Map(); // user id → Phone
let world = { version: -1, bots: [], people: [], chats: [] };

const $ = (selector, root = document) => root.querySelector(selector);
const fullName = (person) => [person.first_name, person.last_name].filter(Boolean).join(' ');
const colour = (id) => COLOURS[id % COLOURS.length];
const initials = (person) => (person.first_name[0] + (person.last_name?.[0] ?? '')).toUpperCase();

function avatar(person) {
  const face = el('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(person));
  face.style.background = colour(person.id);
  return face;
}

async function post(deed, words, files) {
  const body = files ? new FormData() : JSON.stringify(words);
  if (files) {
    body.append('json', JSON.stringify(words));
    for (const file of files.list) body.append(files.kind, file);
  }
  const answer = await fetch(`/_sandbox/${deed}`, { method: 'POST', body, headers: files ? {} : { 'Content-Type': 'application/json' } });
  const told = await answer.json();
  if (!answer.ok) toast(`${t('failed')}: ${told.error}`);
  return told;
}

function toast(text) {
  const box = $('.toast');
  box.textContent = text;
  box.hidden = false;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { box.hidden = true; }, 5000);
}

class Phone {
  constructor(id) {
    this.id = id;
    this.bot = null;
    this.about = null; // {deed: 'reply' | 'edit', message}
    this.drawn = new Map(); // message id → what was drawn
    this.root = $('#phone').content.firstElementChild.cloneNode(true);
    this.root.dataset.user = id;
    this.listen();
    $('.phones').append(this.root);
  }

  get person() { return world.people.find((person) => person.id === this.id); }
  get chat() { return world.chats.find((chat) => chat.user_id === this.id && chat.bot === this.bot); }

  listen() {
    const on = (name, event, deed) => $(`[data-test="${name}"]`, this.root).addEventListener(event, deed);
    on('back', 'click', () => this.open(null));
    on('start', 'click', () => this.say({ text: '/start' }));
    on('block', 'click', () => this.block(true));
    on('unblock', 'click', () => this.block(false));
    on('cancel', 'click', () => this.mean(null));
    on('attach', 'click', () => this.menu());
    on('composer-form', 'submit', (event) => { event.preventDefault(); this.send(); });
    on('composer', 'keydown', (event) => this.key(event));
    on('composer', 'input', () => this.grow());
    this.follow($('.messages', this.root));
    for (const input of this.root.querySelectorAll('[data-kind]')) input.addEventListener('change', () => this.files(input));
    for (const button of this.root.querySelectorAll('[data-ready]')) button.addEventListener('click', () => this.ready(button.dataset));
  }

  /** Stays at the newest message, until the client scrolls up, whatever grows or shrinks. */
  follow(list) {
    const end = () => { if (this.atEnd) list.scrollTop = list.scrollHeight; };
    this.atEnd = true;
    list.addEventListener('wheel', () => { this.atEnd = false; }, { passive: true });
    list.addEventListener('scroll', () => { this.atEnd ||= list.scrollHeight - list.scrollTop - list.clientHeight < 4; });
    list.addEventListener('load', end, { capture: true });
    new ResizeObserver(end).observe(list);
    this.toEnd = end;
  }

  key(event) {
    if (event.key === 'Escape') this.mean(null);
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  grow() {
    const box = $('textarea', this.root);
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight, 120)}px`;
  }

  menu(open = $('.attach', this.root).hidden) {
    $('.attach', this.root).hidden = !open;
    $('.clip', this.root).setAttribute('aria-expanded', open);
  }

  say(words, files) {
    const reply_to = this.about?.deed === 'reply' ? this.about.message.message_id : undefined;
    this.mean(null);
    this.menu(false);
    return post('say', { bot: `@${this.bot}`, user_id: this.id, reply_to, ...words }, files);
  }

  send() {
    const box = $('textarea', this.root);
    const text = box.value.trim();
    if (!text) return;
    box.value = '';
    this.grow();
    if (this.about?.deed !== 'edit') { this.say({ text }); return; }
    post('edit', { bot: `@${this.bot}`, user_id: this.id, message_id: this.about.message.message_id, text });
    this.mean(null);
  }

  files(input) {
    const list = [...input.files];
    const box = $('textarea', this.root);
    if (list.length) this.say({ text: box.value.trim() }, { kind: input.dataset.kind, list });
    box.value = '';
    input.value = '';
  }

  ready({ ready, sample }) { this.say({ [ready]: sample ? { sample } : true }); }

  block(blocked) { return post('block', { bot: `@${this.bot}`, user_id: this.id, blocked }); }

  press(message, data) { return post('press', { bot: `@${this.bot}`, user_id: this.id, message_id: message.message_id, data }); }

  /** What the next text is about: an answer to a message or its new wording. */
  mean(about) {
    const box = $('textarea', this.root);
    if (about?.deed === 'edit') box.value = about.message.text ?? about.message.caption;
    else if (this.about?.deed === 'edit') box.value = '';
    this.about = about;
    $('.about', this.root).hidden = !about;
    $('.about span', this.root).textContent = about ? `${t(about.deed)}: ${gist(about.message)}` : '';
    if (about) box.focus();
    this.grow();
  }

  open(bot) {
    this.bot = bot;
    this.atEnd = true;
    this.drawn.clear();
    $('.messages', this.root).replaceChildren();
    this.mean(null);
    this.menu(false);
    this.draw();
    if (bot) $('textarea', this.root).focus();
  }

  draw() {
    label(this.root);
    $('.status time', this.root).textContent = clock(Date.now() / 1000);
    $('.owner', this.root).textContent = fullName(this.person);
    this.root.setAttribute('aria-label', fullName(this.person));
    $('.list', this.root).hidden = Boolean(this.bot);
    $('.chat', this.root).hidden = !this.bot;
    if (this.bot) this.drawChat();
    else this.drawList();
  }

  drawList() {
    $('.list ul', this.root).replaceChildren(...world.bots.map((bot) => {
      const chat = world.chats.find((one) => one.user_id === this.id && one.bot === bot.username);
      const last = chat?.messages.at(-1);
      const unread = chat?.messages.filter((message) => message.from_bot && !message.read).length ?? 0;
      return el('li', {}, el('button', { type: 'button', 'data-test': 'chat-open', 'data-bot': bot.username, onclick: () => this.open(bot.username) },
        avatar(bot),
        el('span', {}, el('strong', {}, bot.first_name), el('small', {}, last ? gist(last) : `@${bot.username}`)),
        el('span', { class: 'side-meta' }, last ? el('time', {}, clock(last.date)) : null,
          unread ? el('b', { class: 'unread', 'data-test': 'unread' }, String(unread)) : null)));
    }));
  }

  drawChat() {
    const bot = world.bots.find((one) => one.username === this.bot);
    const chat = this.chat ?? { messages: [], started: false, blocked: false, action: '' };
    const face = avatar(bot);
    $('.chat header .avatar', this.root).replaceWith(face);
    $('.who strong', this.root).textContent = bot.first_name;
    const doing = chat.action === 'typing' ? t('typing') : chat.action ? t('sending') : t('bot');
    $('.who small', this.root).textContent = doing;
    $('.who', this.root).classList.toggle('acting', Boolean(chat.action));
    $('[data-test="block"]', this.root).textContent = t('block');
    $('[data-test="block"]', this.root).hidden = !chat.started || chat.blocked;
    $('[data-test="start"]', this.root).hidden = chat.started;
    $('[data-test="unblock"]', this.root).hidden = !chat.blocked;
    $('.composer', this.root).hidden = !chat.started || chat.blocked;
    this.drawMessages(chat.messages);
    if (document.visibilityState === 'visible' && chat.messages.some((one) => one.from_bot && !one.read)) {
      post('read', { bot: `@${this.bot}`, user_id: this.id });
    }
  }

  /** Draws only what is new or changed, so that scrolling and playing voices stay as they are. */
  drawMessages(messages) {
    const list = $('.messages', this.root);
    const known = new Set(messages.map((message) => message.message_id));
    for (const node of [...list.children]) if (!known.has(Number(node.dataset.id))) this.forget(node);
    for (const message of messages) this.drawMessage(list, message);
    this.toEnd();
  }

  forget(node) {
    this.drawn.delete(Number(node.dataset.id));
    node.remove();
  }

  drawMessage(list, message) {
    const look = JSON.stringify([language(), { ...message, read: null }]);
    if (this.drawn.get(message.message_id) === look) return;
    const node = bubble(message, {
      reply: (to) => this.mean({ deed: 'reply', message: to }),
      edit: (own) => this.mean({ deed: 'edit', message: own }),
      press: (under, data) => this.press(under, data),
    });
    const old = $(`[data-id="${message.message_id}"]`, list);
    if (old) old.replaceWith(node);
    else list.append(node);
    this.drawn.set(message.message_id, look);
  }
}

function drawSide() {
  label(document.body);
  document.documentElement.lang = language();
  document.title = t('title');
  for (const button of document.querySelectorAll('[data-lang]')) button.setAttribute('aria-pressed', button.dataset.lang === language());
  $('.people').replaceChildren(...world.people.map(personRow));
  $('.bots').replaceChildren(...world.bots.map(botRow));
}

function personRow(person) {
  const opened = phones.has(person.id);
  const details = [person.phone, person.username ? `@${person.username}` : ''].filter(Boolean).join(' · ');
  return el('li', {}, el('button', {
    type: 'button', 'data-test': 'person', 'data-user': person.id, 'aria-pressed': opened,
    title: t(opened ? 'close' : 'open'), onclick: () => toggle(person.id),
  }, avatar(person), el('span', {}, el('strong', {}, fullName(person)), el('small', {}, details))));
}

function botRow(bot) {
  const state = t(bot.webhook.url ? 'hooked' : 'unhooked') + (bot.webhook.pending ? ` · ${bot.webhook.pending} ${t('waiting')}` : '');
  return el('li', { class: bot.webhook.url ? 'live' : '', 'data-test': 'bot', 'data-bot': bot.username },
    el('strong', {}, `@${bot.username}`), el('small', { 'data-test': 'bot-state' }, state),
    el('button', { type: 'button', title: t('copy'), 'data-test': 'bot-token', onclick: () => copy(bot.token) }, bot.token));
}

async function copy(token) {
  try {
    await navigator.clipboard.writeText(token);
    toast(t('copied'));
  } catch { /* Without the permission the token can still be selected by hand. */ }
}

function toggle(id) {
  if (phones.has(id)) {
    phones.get(id).root.remove();
    phones.delete(id);
  } else {
    phones.set(id, new Phone(id));
  }
  localStorage.setItem('phones', JSON.stringify([...phones.keys()]));
  draw();
}

function draw() {
  drawSide();
  for (const [id, phone] of phones) if (!phone.person) toggle(id);
  for (const phone of phones.values()) phone.draw();
}

async function load() {
  world = await (await fetch('/_sandbox/state')).json();
  draw();
  if (world.chats.some((chat) => chat.action)) setTimeout(load, ACTION_SECONDS * 1000);
}

async function listen() {
  for (;;) {
    try {
      const news = await (await fetch(`/_sandbox/news?seen=${world.version}&seconds=${NEWS_SECONDS}`)).json();
      if (news.version !== world.version) await load();
    } catch {
      await new Promise((wake) => { setTimeout(wake, 1000); });
    }
  }
}

/** The phones to begin with: those of the address, those of last time, or the first client's. */
function begin() {
  const asked = query.get('user');
  const kept = JSON.parse(localStorage.getItem('phones') ?? '[]').filter((id) => world.people.some((one) => one.id === id));
  const wanted = asked ? [Number(asked)] : kept.length ? kept : [world.people[0].id];
  for (const id of wanted) phones.set(id, new Phone(id));
  if (query.get('bot')) for (const phone of phones.values()) phone.open(query.get('bot').replace('@', ''));
}

$('.newcomer').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const person = await post('people', Object.fromEntries(new FormData(form)));
  form.reset();
  await load();
  if (!phones.has(person.id)) toggle(person.id);
});
for (const button of document.querySelectorAll('[data-lang]')) {
  button.addEventListener('click', () => { speak(button.dataset.lang); draw(); });
}
document.addEventListener('visibilitychange', draw);

await load();
begin();
draw();
listen();
