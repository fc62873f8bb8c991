#!/usr/bin/env bash
# Write the TypeScript that is generated from BPF objects. With --check: only tell whether it is up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

gen=(node packages/core/dist/gen/cli.js)

"${gen[@]}" build/bpf/gate.bpf.o -o packages/core/src/gate/gate.gen.ts --core ../runtime.js "$@"
"${gen[@]}" build/bpf/gate.bpf.o -o packages/core/src/gate-client/reasons.gen.ts --only enums "$@"
"${gen[@]}" build/bpf/dispatcher.bpf.o -o packages/core/src/chain/dispatcher.gen.ts --core ../runtime.js "$@"
"${gen[@]}" build/bpf/core_test.bpf.o -o packages/core/test/core_test.gen.ts --core ../src/index.js "$@"
"${gen[@]}" build/bpf/hooks_test.bpf.o -o packages/core/test/hooks_test.gen.ts --core ../src/index.js "$@"
"${gen[@]}" build/bpf/pow.bpf.o -o packages/pow/src/pow.gen.ts "$@"
"${gen[@]}" build/bpf/signed_auth.bpf.o -o packages/signed-auth/src/signed_auth.gen.ts "$@"
"${gen[@]}" build/bpf/zkp_hash.bpf.o -o packages/zkp/src/zkp_hash.gen.ts "$@"
"${gen[@]}" build/bpf/pki.bpf.o -o packages/pki/src/pki.gen.ts "$@"
"${gen[@]}" build/bpf/x509_test.bpf.o -o packages/pki/test/x509_test.gen.ts "$@"
"${gen[@]}" build/bpf/tunnel_wireguard.bpf.o -o packages/tunnel/src/datapath/tunnel_wireguard.gen.ts "$@"
"${gen[@]}" build/bpf/tunnel_early.bpf.o -o packages/tunnel/src/datapath/tunnel_early.gen.ts "$@"
"${gen[@]}" build/bpf/cas.bpf.o -o packages/cas/src/cas.gen.ts "$@"
"${gen[@]}" build/bpf/offload.bpf.o -o packages/offload/src/offload.gen.ts "$@"
"${gen[@]}" build/bpf/offload_test.bpf.o -o packages/offload/test/offload_test.gen.ts "$@"
"${gen[@]}" build/bpf/zkp_schnorr.bpf.o -o packages/zkp/src/zkp_schnorr.gen.ts "$@"
"${gen[@]}" build/bpf/zkp_ring.bpf.o -o packages/zkp/src/zkp_ring.gen.ts "$@"
"${gen[@]}" build/bpf/hash_test.bpf.o -o packages/primitives/src/hashes.gen.ts "$@"
"${gen[@]}" build/bpf/replay_test.bpf.o -o packages/primitives/src/replay.gen.ts "$@"
"${gen[@]}" build/bpf/chacha_test.bpf.o -o packages/primitives/src/chacha.gen.ts "$@"
"${gen[@]}" build/bpf/logger.bpf.o -o packages/logger/src/logger.gen.ts "$@"
"${gen[@]}" build/bpf/logger.bpf.o -o packages/logger/src/records.gen.ts --only codecs --core @cryptbpf/core/codecs "$@"
node scripts/field/generate.mjs "$@"
for worker in core/src/crypto/p256-worker offload/src/engines/pool-worker logger/src/ahead-worker; do
	node scripts/worker-source.mjs packages/$worker.ts "$@"
done
