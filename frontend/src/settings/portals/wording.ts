/** Portals in people's words. */

import { t } from '../../lib/i18n'
import type { PortalCard } from '../../lib/store/portals'
import type { Health } from '../../ui/HealthLight.vue'

export function bare(domain: string): string {
  return domain.replace(/^https?:\/\//, '')
}

export function healthOf(portal: PortalCard): { state: Health; label: string } {
  if (portal.waiting) return { state: 'waiting', label: t('Waits for sign-in') }
  if (portal.status === 'blocked') return { state: 'attention', label: t('Cannot be reached') }
  if (portal.status === 'deleted') return { state: 'disconnected', label: t('Removed') }
  if (portal.status === 'new') return { state: 'waiting', label: t('Being installed') }
  return portal.integration_active ? { state: 'working', label: t('Works') } : { state: 'waiting', label: t('Switched off') }
}
