import { execFileSync } from 'node:child_process'
import path from 'node:path'

/** Builds the C# server if the .NET SDK is installed. */
export function buildKestrel(): void {
  try {
    execFileSync('dotnet', ['build', '--configuration', 'Release', '--verbosity', 'quiet', path.join(__dirname, 'servers/kestrel')], {
      stdio: ['ignore', 'ignore', 'ignore'],
    })
  } catch {
    // The harness reports the peer as missing and leaves it out.
  }
}
