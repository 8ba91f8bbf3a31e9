/** The width of the frame, which the portal and the person change. */

import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'

/** Below this a chat and its list do not fit side by side. */
export const NARROW_PX = 720

export function useWidth(): Ref<number> {
  const width = ref(window.innerWidth)
  const measure = () => { width.value = window.innerWidth }
  onMounted(() => window.addEventListener('resize', measure))
  onBeforeUnmount(() => window.removeEventListener('resize', measure))
  return width
}
