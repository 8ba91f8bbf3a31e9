import { Features } from 'lightningcss'
import { defineConfig } from 'vite'

// One file with a stable name, put beside what the main build made.
export default defineConfig({
  publicDir: false,
  // Nothing of ours says `light-dark()`: its stand-in would only make every page heavier.
  css: { lightningcss: { exclude: Features.LightDark } },
  build: {
    outDir: '../static/dist',
    emptyOutDir: false,
    target: 'es2022',
    lib: { entry: 'src/widget/main.ts', formats: ['iife'], name: 'CallGearWidget', fileName: () => 'widget.js' }
  }
})
