import { beforeEach, describe, expect, it } from 'vitest'
import { createPlace, hashOf, readPlace } from '../../src/lib/place'

describe('place', () => {
  beforeEach(() => { window.history.replaceState(null, '', '#/chats') })

  it('is read from the address', () => {
    expect(readPlace('#/requests/12')).toEqual({ section: 'requests', id: '12' })
    expect(readPlace('#/requests')).toEqual({ section: 'requests', id: null })
    expect(hashOf({ section: 'requests', id: '12' })).toBe('#/requests/12')
  })

  it.each(['', '#', '#/unknown/1', '#/requests/x', 'requests'])('of nonsense like %j is the chats', (hash) => {
    expect(readPlace(hash)).toEqual({ section: 'chats', id: null })
  })

  it('is kept in the address', () => {
    const place = createPlace()
    place.go('requests', '7')
    expect(window.location.hash).toBe('#/requests/7')
    expect(createPlace().state).toEqual({ section: 'requests', id: '7' })
  })

  it('follows the browser back', () => {
    const place = createPlace()
    const stop = place.follow()
    window.history.replaceState(null, '', '#/settings')
    window.dispatchEvent(new PopStateEvent('popstate'))
    expect(place.state.section).toBe('settings')
    stop()
  })
})
