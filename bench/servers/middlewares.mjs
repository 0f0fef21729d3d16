import { randomUUID } from 'node:crypto'

/**
 * Five middlewares as an application has them in front of its routes, none of which does more than it must: what is measured is the way
 * through the chain, not the work of others. All peers are given the same.
 */
export const middlewares = [
  function identify(request, _response, next) {
    request.id = randomUUID()
    next()
  },
  function takeTime(request, _response, next) {
    request.startedAt = performance.now()
    next()
  },
  function secure(_request, response, next) {
    response.setHeader('X-Content-Type-Options', 'nosniff')
    next()
  },
  function readCookies(request, _response, next) {
    request.cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').map((pair) => pair.split('=')))
    next()
  },
  function authenticate(request, _response, next) {
    request.user = request.cookies.user ?? 'anonymous'
    next()
  },
]
