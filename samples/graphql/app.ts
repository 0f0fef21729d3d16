import { join } from 'node:path'
import express from 'express'
import type { Express, Request } from 'express'
import { useWebSockets, webSocketHandler, WebSocketState } from 'express-use-websockets'
import { buildSchema } from 'graphql'
import { GRAPHQL_TRANSPORT_WS_PROTOCOL, makeServer } from 'graphql-ws'

const schema = buildSchema(`
  type Query { hello: String }
  type Subscription { countdown(from: Int!): Int }
`)

const roots = {
  query: { hello: 'world' },
  subscription: {
    async *countdown({ from }: { readonly from: number }) {
      for (let countdown = from; countdown >= 0; countdown--) yield { countdown }
    },
  },
}

/**
 * Creates an app with a page at `/` and GraphQL subscriptions at `/graphql`. The server of graphql-ws accepts any socket that can send, close and
 * receive messages.
 */
export function createGraphqlApp(): Express {
  const graphql = makeServer({ schema, roots })
  const app = express()
  app.use(useWebSockets())
  app.use(express.static(join(__dirname, 'public')), express.static(join(__dirname, '../public')))
  app.all(
    '/graphql',
    webSocketHandler<Request>(
      async (webSocket, request) => {
        let onMessage: ((message: string) => Promise<void>) | undefined
        const closed = graphql.opened(
          {
            protocol: webSocket.subProtocol ?? '',
            send: (message) => webSocket.sendAsync(message),
            close: (code = 1000, reason = '') => webSocket.closeOutputAsync(code, cutReason(reason)),
            onMessage: (listener) => (onMessage = listener),
          },
          { request },
        )
        try {
          // Not awaited, because an operation continues while further messages arrive.
          for await (const message of webSocket)
            void onMessage?.(String(message)).catch(async (error: Error) => {
              // After the close, an operation that still runs fails when it sends.
              if (webSocket.state === WebSocketState.Open) await webSocket.closeOutputAsync(1011, cutReason(error.message))
            })
        } finally {
          await closed(webSocket.closeStatus ?? 1006, webSocket.closeStatusDescription ?? '')
        }
      },
      ({ webSockets }) => ({
        subProtocol: webSockets.webSocketRequestedProtocols.includes(GRAPHQL_TRANSPORT_WS_PROTOCOL) ? GRAPHQL_TRANSPORT_WS_PROTOCOL : null,
      }),
    ),
  )
  return app
}

/** A Close frame has room for 123 bytes of UTF-8. A reason of graphql-ws can contain text of the client. */
function cutReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(123))
  return reason.slice(0, read)
}
