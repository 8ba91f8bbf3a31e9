const EN = {
  open: 'Open the chat',
  close: 'Close the chat',
  title: 'Chat with us',
  write: 'Write a message…',
  send: 'Send',
  attach: 'Attach a file',
  remove: 'Remove',
  typing: 'is typing…',
  offline: 'No connection. We keep trying.',
  gone: 'This chat is switched off.',
  closed: 'The conversation is closed. Write to start a new one.',
  sending: 'Sending',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Not sent',
  retry: 'Try again',
  agree: 'I agree to the processing of my personal data',
  policy: 'Details',
  who: 'How can we reach you?',
  name: 'Name',
  phone: 'Phone',
  email: 'E-mail',
  next: 'Continue',
  skip: 'Skip',
  tooLarge: 'The file is too large',
  notUploaded: 'The file was not uploaded',
  you: 'You'
}

const RU: typeof EN = {
  open: 'Открыть чат',
  close: 'Закрыть чат',
  title: 'Напишите нам',
  write: 'Напишите сообщение…',
  send: 'Отправить',
  attach: 'Прикрепить файл',
  remove: 'Убрать',
  typing: 'печатает…',
  offline: 'Нет связи. Пробуем снова.',
  gone: 'Этот чат отключён.',
  closed: 'Разговор завершён. Напишите, чтобы начать новый.',
  sending: 'Отправляется',
  sent: 'Отправлено',
  delivered: 'Доставлено',
  read: 'Прочитано',
  failed: 'Не отправлено',
  retry: 'Повторить',
  agree: 'Я согласен на обработку персональных данных',
  policy: 'Подробнее',
  who: 'Как с вами связаться?',
  name: 'Имя',
  phone: 'Телефон',
  email: 'E-mail',
  next: 'Продолжить',
  skip: 'Пропустить',
  tooLarge: 'Файл слишком большой',
  notUploaded: 'Файл не загружен',
  you: 'Вы'
}

export type Texts = typeof EN

/** The first of the given languages that we speak; English otherwise. */
export function texts(...wanted: string[]): Texts {
  const spoken = wanted.find(Boolean) ?? ''
  return /^(ru|be|kk)/i.test(spoken) ? RU : EN
}
