const OF_ACCEPT = 'It is an option of acceptWebSocketAsync() and webSocketHandler()'
const OF_MIDDLEWARE = 'It is an option of useWebSockets()'

/** What to do about options that belong to another function of this package, or to `ws`. */
export const misplacedOptions: Readonly<Record<string, string>> = {
  allowedOrigins: OF_MIDDLEWARE,
  maxConnections: OF_MIDDLEWARE,
  compressionLevel: OF_ACCEPT,
  compressionThreshold: OF_ACCEPT,
  dangerousEnableCompression: OF_ACCEPT,
  disableServerContextTakeover: OF_ACCEPT,
  serverMaxWindowBits: OF_ACCEPT,
  signal: OF_ACCEPT,
  subProtocol: OF_ACCEPT,
  maxPayload: "Use 'maxMessageSize'",
  perMessageDeflate: "Use 'dangerousEnableCompression' of acceptWebSocketAsync() and webSocketHandler()",
  verifyClient: 'Refuse the request in a middleware before the route',
}
