import { randomUUID } from 'node:crypto'

/**
 * Five minimal middlewares, as an application has in front of its routes. They measure the cost of the chain itself.
 * All servers behind Express use the same ones.
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
