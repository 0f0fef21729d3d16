import { Converter } from 'typedoc'

/** Names each page for what users import, `express-use-websockets/http2`, and not for the file in lib/. */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entryPoint of project.children ?? []) {
      entryPoint.name = entryPoint.name === 'index' ? 'express-use-websockets' : `express-use-websockets/${entryPoint.name}`
    }
  })
}
