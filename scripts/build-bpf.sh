#!/usr/bin/env bash
# Build bpf/*.bpf.c and bpf/test/*.bpf.c into build/bpf/. Only what changed is built again.
set -euo pipefail
cd "$(dirname "$0")/.."

clang=${CLANG:-clang-19}
strip=${LLVM_STRIP:-llvm-strip-19}
out=build/bpf
mkdir -p "$out"
exec 9>"$out/.lock"
flock 9 # one build at a time

include=(-Ibpf)
for dir in /usr/include/"$(uname -m)"-linux-gnu; do
	[ -d "$dir" ] && include+=("-I$dir")
done

# Whether an object is there and newer than all that it was made of, which clang wrote down then.
is_fresh() {
	local object=$1 inputs
	[ -e "$object" ] && [ -e "$object.d" ] || return
	read -ra inputs <<<"$(sed -e 's/^[^:]*://' -e 's/\\$//' "$object.d" | tr '\n' ' ')"
	[ -z "$(find "${inputs[@]}" scripts/build-bpf.sh -newer "$object" -print -quit 2>&1)" ]
}

build() {
	local source=$1 object=$out/$(basename "${1%.c}").o
	is_fresh "$object" && return
	echo "bpf: $source"
	"$clang" -g -O2 -target bpf -mcpu=v3 -std=gnu17 -Wall -Wextra -Werror \
		-Wno-missing-field-initializers -Wno-unused-parameter -ffile-prefix-map="$PWD"=. \
		"${include[@]}" -MD -MF "$object.d" -c "$source" -o "$object.tmp" &&
		"$strip" -g "$object.tmp" && # DWARF goes, BTF stays
		mv "$object.tmp" "$object"
}

# Builds one of so many shares of the sources.
build_lane() {
	local i
	for ((i = $1; i < ${#sources[@]}; i += lanes)); do
		build "${sources[i]}" || return
	done
}

shopt -s nullglob
sources=(bpf/*.bpf.c bpf/test/*.bpf.c)
lanes=$(nproc) pids=()
for ((lane = 0; lane < lanes; lane++)); do
	build_lane "$lane" &
	pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || exit; done

# Beside the TypeScript that loads them, in the sources as in the packages.
install -m 644 -C "$out/dispatcher.bpf.o" packages/core/src/chain/
install -m 644 -C "$out/pow.bpf.o" packages/pow/src/
install -m 644 -C "$out/signed_auth.bpf.o" packages/signed-auth/src/
install -m 644 -C "$out"/zkp_{hash,schnorr,ring}.bpf.o packages/zkp/src/
install -m 644 -C "$out/logger.bpf.o" packages/logger/src/
install -m 644 -C "$out/pki.bpf.o" packages/pki/src/
install -m 644 -C "$out/tunnel_aes.bpf.o" packages/tunnel/src/datapath/
install -m 644 -C "$out/tunnel_early.bpf.o" packages/tunnel/src/datapath/
install -m 644 -C "$out/tunnel_wireguard.bpf.o" packages/tunnel/src/datapath/
install -m 644 -C "$out/cas.bpf.o" packages/cas/src/
install -m 644 -C "$out/offload.bpf.o" packages/offload/src/
