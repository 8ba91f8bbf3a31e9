import { expect, test } from 'vitest'
import { stepTrouble } from '../../src/install/wording'

test('a busy portal is told to wait for', () => {
  expect(stepTrouble('QUERY_LIMIT_EXCEEDED: Too many requests').text).toContain('busy')
})

test('missing rights send for an administrator', () => {
  expect(stepTrouble('ONAPPINSTALL: ACCESS_DENIED: Access denied').text).toContain('administrator')
})

test('words of Bitrix24 stay at hand', () => {
  const error = 'ERROR_PLACEMENT_HANDLER_EXISTS: Unable to set placement handler'
  expect(stepTrouble(error)).toEqual({ text: expect.stringContaining('refused'), details: error })
})

test('a plain sentence speaks for itself', () => {
  expect(stepTrouble('No connection.')).toEqual({ text: 'No connection.', details: '' })
})
