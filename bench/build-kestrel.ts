import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** Builds the C# server, where there is an SDK for it. */
export function buildKestrel(): void {
  try {
    execFileSync('dotnet', ['build', '--configuration', 'Release', '--verbosity', 'quiet', path.join(__dirname, 'servers/kestrel')], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
  } catch {
    // The peer is left out, with a word about it.
  }
}
