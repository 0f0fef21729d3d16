#!/usr/bin/env bash
# Publishes the version in package.json with provenance. With --dry-run, shows what would be published, and publishes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(node -p 'require("./package.json").version')
grep -q "^## $version - " CHANGELOG.md || { echo "CHANGELOG.md has no section for $version" >&2; [ "${1:-}" = --dry-run ] || exit 1; }
# npm compares it with the repository in the provenance.
[ -n "$(node -p 'require("./package.json").repository?.url ?? ""')" ] || {
  echo "package.json has no repository.url" >&2
  [ "${1:-}" = --dry-run ] || exit 1
}

npm run build
npx publint --strict
if [ "${1:-}" = --dry-run ]; then npm publish --dry-run --access public; else npm publish --provenance --access public; fi
