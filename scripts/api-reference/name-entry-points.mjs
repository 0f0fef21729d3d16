import { Converter } from 'typedoc'

/** Names each page after the import, such as `express-use-websockets/http2`, not after the file in lib/. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entryPoint of project.children ?? []) {
      entryPoint.name = entryPoint.name === 'index' ? 'express-use-websockets' : `express-use-websockets/${entryPoint.name}`
    }
  })
}
