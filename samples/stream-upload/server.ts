import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createUploadApp } from './app.ts'

const port = Number(process.env['PORT'] ?? 3000)
const folder = mkdtempSync(join(tmpdir(), 'upload-'))
createUploadApp(folder).listen(port, () => console.log(`Upload: http://localhost:${port}/, into ${folder}`))
