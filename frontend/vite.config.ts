import b24ui from '@bitrix24/b24ui-nuxt/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

const ENTRIES = ['workspace', 'deal', 'connector', 'settings', 'install']

export default defineConfig(({ command }) => ({
  // The page that loads the scripts belongs to the application, never to Vite.
  base: command === 'build' ? '/static/dist/' : '/',
  plugins: [
    vue(),
    b24ui({
      // Without all three switches some forty unused Prose components stay in the bundle.
      prose: false,
      mdc: false,
      content: false,
      // The kit's own colour mode reads localStorage, which throws in a third-party frame.
      colorMode: false,
      router: false,
      experimental: { componentDetection: true }
    })
  ],
  build: {
    outDir: '../static/dist',
    emptyOutDir: true,
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ENTRIES.map((name) => `src/entries/${name}.ts`) }
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    origin: 'http://127.0.0.1:5173',
    cors: { origin: /^https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/ }
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.spec.ts'],
    server: { deps: { inline: [/@bitrix24\/b24ui-nuxt/] } }
  }
}))
