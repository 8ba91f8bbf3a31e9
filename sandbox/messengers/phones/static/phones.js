// Clients' phones: every deed goes through the control API, every news comes from it.
import { bubble, clock, el, gist } from './bubble.js';
import { label, language, speak, t } from './texts.js';

const COLOURS = ['#e17076', '#7bc862', '#65aadd', '#a695e7', '#ee7aae', '#6ec9cb', '#faa774'];
const NEWS_SECONDS = 20;
const query = new URLSearchParams(location.search);
const phones = new Map(); // person id → Phone
let world = { version: -1, can: {}, kinds: [], accounts: [], people: [], chats: [] };

const $ = (selector, root = document) => root.querySelector(selector);
const colour = (id) => COLOURS[[...id].reduce((sum, one) => sum + one.charCodeAt(0), 0) % COLOURS.length];
// What each messenger calls a picture and a file.
const KINDS = { picture: ['image', 'picture'], file: ['document', 'file'], voice: ['voice'], sticker: ['sticker'] };
const kindOf = (role) => (KINDS[role] ? KINDS[role].find((one) => world.kinds.includes(one)) : role);

function avatar(one) {
  const face = el('span', { class: 'avatar', 'aria-hidden': 'true' }, one.name.slice(0, 1).toUpperCase());
  face.style.background = colour(one.id);
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
    this.account = null;
    this.about = null; // the message that the next one answers
    this.drawn = new Map(); // message id → what was drawn
    this.root = $('#phone').content.firstElementChild.cloneNode(true);
    this.root.dataset.person = id;
    this.listen();
    $('.phones').append(this.root);
  }

  get person() { return world.people.find((one) => one.id === this.id); }
  get chat() { return world.chats.find((one) => one.person === this.id && one.account === this.account); }

  listen() {
    const on = (name, event, deed) => $(`[data-test="${name}"]`, this.root).addEventListener(event, deed);
    on('back', 'click', () => this.open(null));
    on('block', 'click', () => this.ask('block', { blocked: true }));
    on('unblock', 'click', () => this.ask('block', { blocked: false }));
    on('cancel', 'click', () => this.mean(null));
    on('attach', 'click', () => this.menu());
    on('composer-form', 'submit', (event) => { event.preventDefault(); this.send(); });
    on('composer', 'keydown', (event) => this.key(event));
    const list = $('.messages', this.root);
    list.addEventListener('load', () => this.toEnd(), { capture: true });
    for (const input of this.root.querySelectorAll('[data-role]')) input.addEventListener('change', () => this.files(input));
    for (const button of this.root.querySelectorAll('[data-ready]')) {
      button.addEventListener('click', () => this.say({ [kindOf(button.dataset.ready)]: true }));
    }
  }

  toEnd() {
    const list = $('.messages', this.root);
    list.scrollTop = list.scrollHeight;
  }

  key(event) {
    if (event.key === 'Escape') this.mean(null);
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  menu(open = $('.attach', this.root).hidden) {
    $('.attach', this.root).hidden = !open;
    $('.clip', this.root).setAttribute('aria-expanded', open);
    this.toEnd();
  }

  ask(deed, words, files) { return post(deed, { account: this.account, person: this.id, ...words }, files); }

  say(words, files) {
    const quote = this.about?.id;
    this.mean(null);
    this.menu(false);
    return this.ask('say', { quote, ...words }, files);
  }

  send() {
    const box = $('textarea', this.root);
    const text = box.value.trim();
    if (!text) return;
    box.value = '';
    this.say({ text });
  }

  files(input) {
    const box = $('textarea', this.root);
    const list = [...input.files];
    if (list.length) this.say({ text: box.value.trim() }, { kind: kindOf(input.dataset.role), list });
    box.value = '';
    input.value = '';
  }

  mean(message) {
    this.about = message;
    $('.about', this.root).hidden = !message;
    $('.about span', this.root).textContent = message ? `${t('reply')}: ${gist(message)}` : '';
    if (message) $('textarea', this.root).focus();
  }

  open(account) {
    this.account = account;
    this.drawn.clear();
    $('.messages', this.root).replaceChildren();
    this.mean(null);
    this.menu(false);
    this.draw();
    if (!account) return;
    this.ask('open', {});
    $('textarea', this.root).focus();
  }

  draw() {
    label(this.root);
    $('.status time', this.root).textContent = clock(Date.now() / 1000);
    $('.owner', this.root).textContent = this.person.name;
    this.root.setAttribute('aria-label', this.person.name);
    $('.list', this.root).hidden = Boolean(this.account);
    $('.chat', this.root).hidden = !this.account;
    for (const button of this.root.querySelectorAll('[data-ready]')) {
      const kind = kindOf(button.dataset.ready);
      button.hidden = KINDS[button.dataset.ready] !== undefined && !kind;
    }
    if (this.account) this.drawChat();
    else this.drawList();
  }

  drawList() {
    $('.list ul', this.root).replaceChildren(...world.accounts.map((account) => {
      const messages = world.chats.find((one) => one.person === this.id && one.account === account.id)?.messages ?? [];
      const last = messages.at(-1);
      const unread = messages.filter((one) => !one.mine && one.state !== 'read' && one.state !== 'failed').length;
      return el('li', {}, el('button', { type: 'button', 'data-test': 'chat-open', 'data-account': account.id, onclick: () => this.open(account.id) },
        avatar(account), el('span', {}, el('strong', {}, account.name), el('small', {}, last ? gist(last) : t('business'))),
        el('span', { class: 'side-meta' }, last ? el('time', {}, clock(last.at)) : null,
          unread ? el('b', { class: 'unread', 'data-test': 'unread' }, String(unread)) : null)));
    }));
  }

  drawChat() {
    const account = world.accounts.find((one) => one.id === this.account);
    const chat = this.chat ?? { messages: [], blocked: false };
    $('.chat header .avatar', this.root).replaceWith(avatar(account));
    $('.who strong', this.root).textContent = account.name;
    $('.who small', this.root).textContent = t('business');
    $('[data-test="block"]', this.root).textContent = t('block');
    $('[data-test="block"]', this.root).hidden = chat.blocked;
    $('[data-test="unblock"]', this.root).hidden = !chat.blocked;
    $('.composer', this.root).hidden = chat.blocked;
    this.drawMessages(chat.messages);
    const fresh = chat.messages.some((one) => !one.mine && (one.state === 'sent' || one.state === 'delivered'));
    if (document.visibilityState === 'visible' && fresh) this.ask('read', {});
  }

  /** Draws only what is new or changed, so that playing voices stay as they are. */
  drawMessages(messages) {
    const list = $('.messages', this.root);
    let grown = false;
    for (const message of messages) {
      const look = JSON.stringify([language(), message]);
      if (this.drawn.get(message.id) === look) continue;
      const quoted = messages.find((one) => one.id === message.quote);
      const node = bubble(message, quoted, world.can, {
        reply: (to) => this.mean(to),
        react: (to, emoji) => this.ask('react', { message: to.id, emoji }),
        press: (under, text) => this.ask('say', { button: { text, message: under.id }, quote: under.id }),
      });
      const old = $(`[data-id="${message.id}"]`, list);
      if (old) old.replaceWith(node);
      else list.append(node);
      grown ||= !old;
      this.drawn.set(message.id, look);
    }
    if (grown) this.toEnd();
  }
}

function drawSide() {
  label(document.body);
  document.documentElement.lang = language();
  for (const button of document.querySelectorAll('[data-lang]')) button.setAttribute('aria-pressed', button.dataset.lang === language());
  $('.people').replaceChildren(...world.people.map(personRow));
  $('.bots').replaceChildren(...world.accounts.map(accountRow));
}

function personRow(person) {
  const opened = phones.has(person.id);
  return el('li', {}, el('button', {
    type: 'button', 'data-test': 'person', 'data-person': person.id, 'aria-pressed': opened,
    title: t(opened ? 'close' : 'open'), onclick: () => toggle(person.id),
  }, avatar(person), el('span', {}, el('strong', {}, person.name), el('small', {}, person.phone))));
}

function accountRow(account) {
  const secrets = Object.entries(account.secrets).flatMap(([name, value]) => [el('dt', {}, name),
    el('dd', {}, el('button', { type: 'button', title: t('copy'), 'data-test': 'secret', 'data-name': name, onclick: () => copy(value) }, value))]);
  return el('li', { class: account.connected ? 'live' : '', 'data-test': 'account', 'data-account': account.id },
    el('strong', {}, account.name), el('small', { 'data-test': 'account-state' }, t(account.connected ? 'connected' : 'idle')), el('dl', {}, ...secrets));
}

async function copy(value) {
  try {
    await navigator.clipboard.writeText(value);
    toast(t('copied'));
  } catch { /* Without the permission it can still be selected by hand. */ }
}

function toggle(id) {
  if (phones.has(id)) {
    phones.get(id).root.remove();
    phones.delete(id);
  } else {
    phones.set(id, new Phone(id));
  }
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

$('.newcomer').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  const person = await post('people', { person: Object.fromEntries(new FormData(form)) });
  form.reset();
  await load();
  if (person.id && !phones.has(person.id)) toggle(person.id);
});
for (const button of document.querySelectorAll('[data-lang]')) {
  button.addEventListener('click', () => { speak(button.dataset.lang); draw(); });
}
document.addEventListener('visibilitychange', draw);

await load();
const wanted = query.get('person') ?? world.people[0].id;
phones.set(wanted, new Phone(wanted));
draw();
if (query.get('account')) phones.get(wanted).open(query.get('account'));
listen();
