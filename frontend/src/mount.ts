/** Starts a page: boot data, texts, colours, then the screen itself. */

import './styles/main.css'
import './desk/tones.css'
import b24ui from '@bitrix24/b24ui-nuxt/vue-plugin'
import { createApp, type Component } from 'vue'
import NotInPortal from './NotInPortal.vue'
import Root from './Root.vue'
import { APP, createPage } from './lib/app'
import { readBoot } from './lib/boot'
import { loadCatalogue } from './lib/i18n'
import { paint } from './lib/store/session'

export async function mount(page: Component): Promise<void> {
  const boot = readBoot()
  await loadCatalogue(boot?.lang ?? pageLanguage())
  if (!boot) {
    createApp(NotInPortal).use(b24ui).mount('#app')
    return
  }
  const built = createPage(boot)
  paint(built.session.state.preferences.theme)
  createApp(Root, { page }).use(b24ui).provide(APP, built).mount('#app')
}

function pageLanguage(): string {
  return (document.documentElement.lang || navigator.language).startsWith('ru') ? 'ru' : 'en'
}
