import { describe, expect, it } from 'vitest'
import { cardOfLink } from '../../src/chat/pinning'

describe('the address of a card', () => {
  it.each([
    ['https://portal.example/crm/deal/details/48058/', { type: 'deal', id: '48058' }],
    ['portal.example/crm/lead/details/7/?IFRAME=Y', { type: 'lead', id: '7' }],
    ['https://portal.example/company/personal/user/1/', null],
    ['48058', null]
  ])('%s', (text, card) => {
    expect(cardOfLink(text)).toEqual(card)
  })
})
