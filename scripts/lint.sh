#!/usr/bin/env bash
# Format, lint, types, generated files: says what differs, changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

shopt -s nullglob
npx biome check --error-on-warnings .
clang-format-19 --dry-run --Werror bpf/*.[ch] bpf/*/*.[ch]
bash scripts/generate.sh --check
TURBO_TELEMETRY_DISABLED=1 npx turbo run typecheck --output-logs=errors-only --no-update-notifier
node node_modules/typescript-highest/bin/tsc -p examples
