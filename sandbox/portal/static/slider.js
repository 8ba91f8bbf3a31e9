// Side sliders: pages of the portal laid over the page, one over another. They live in the top window.

import { say } from './texts.js'

const stack = []

export function startSliders() {
  if (window.top !== window) return
  window.portalSliders = { open, closeOf }
  addEventListener('keydown', (event) => event.key === 'Escape' && close(stack.at(-1)))
}

/** Opens a page of the portal in a slider. `onClose` is called once, when it is gone. */
export function openSlider(url, options = {}) {
  return top.portalSliders.open(url, options)
}

/** Closes the slider that shows `page` (a window); without one, nothing happens. */
export function closeSlider(page = window) {
  top.portalSliders.closeOf(page)
}

function open(url, { width = null, title = '', label = null, onClose = null } = {}) {
  const slider = { node: build(url, width, title, label), onClose }
  stack.push(slider)
  document.body.append(slider.node)
  slider.node.querySelector('.slider-close').addEventListener('click', () => close(slider))
  slider.node.querySelector('.slider-veil').addEventListener('click', () => close(slider))
  listen(slider)
  document.body.classList.add('under-slider')
  requestAnimationFrame(() => slider.node.classList.add('open'))
}

// Escape pressed inside the slider's page must close it too; every new page of it is listened to.
function listen(slider) {
  const frame = slider.node.querySelector('iframe')
  frame.addEventListener('load', () => {
    slider.node.classList.add('loaded')
    frame.contentWindow.addEventListener('keydown', (event) => event.key === 'Escape' && close(slider))
  })
}

function build(url, width, title, label) {
  const node = document.createElement('div')
  node.className = 'slider'
  node.innerHTML = '<div class="slider-veil"></div><div class="slider-panel"><button type="button" class="slider-close">×</button><span class="slider-label"></span><div class="slider-wait"></div><iframe></iframe></div>'
  const panel = node.querySelector('.slider-panel')
  panel.style.maxWidth = width ? `${Math.max(320, Number(width))}px` : ''
  panel.style.setProperty('--depth', String(stack.length))
  const close = node.querySelector('.slider-close')
  close.setAttribute('aria-label', say('Close'))
  const frame = node.querySelector('iframe')
  frame.title = title || say('Slider')
  frame.src = url
  paint(node.querySelector('.slider-label'), label, title)
  return node
}

function paint(tag, label, title) {
  tag.textContent = label?.text || title
  tag.hidden = !tag.textContent
  if (label?.bgColor) tag.style.background = label.bgColor
  if (label?.color) tag.style.color = label.color
}

function close(slider) {
  const at = stack.indexOf(slider)
  if (at < 0) return
  // What lies over a closing slider goes with it, the topmost first.
  for (const over of stack.splice(at).reverse()) remove(over)
  document.body.classList.toggle('under-slider', stack.length > 0)
}

function remove(slider) {
  slider.node.remove()
  slider.onClose?.()
}

function closeOf(page) {
  close(stack.find((slider) => holds(slider, page)))
}

function holds(slider, page) {
  const own = slider.node.querySelector('iframe').contentWindow
  for (let at = page; at !== window; at = at.parent) if (at === own) return true
  return false
}
