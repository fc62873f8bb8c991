#!/usr/bin/env bash
# Everything that a fresh Debian or Ubuntu machine with Node and npm lacks: system packages, npm packages, the
# build. Says what it does, and does nothing that is done already.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
die() {
	printf 'setup: %s\n' "$@" >&2
	exit 1
}

# command -> package that brings it
packages=(
	"clang-19 clang-19"
	"clang-format-19 clang-format-19"
	"llvm-strip-19 llvm-19"
	"/usr/include/bpf/bpf_helpers.h libbpf-dev"
	"/usr/include/openssl/evp.h libssl-dev"
	"ip iproute2"
	"ethtool ethtool"
	"bpftool bpftool"
	"ping iputils-ping"
	# The other end of a tunnel, in its tests and measurements.
	"wg wireguard-tools"
	"wireguard-go wireguard-go"
	"iperf3 iperf3"
)
# For the kernel matrix, which runs stock Debian kernels on x86-64.
if [ "$(uname -m)" = x86_64 ]; then
	packages+=(
		"qemu-system-x86_64 qemu-system-x86"
		"static:busybox busybox-static"
		"depmod kmod"
		"/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring"
	)
fi

has() {
	case $1 in
	/*) [ -e "$1" ] ;;
	static:*) has "${1#static:}" && ! ldd "$(command -v "${1#static:}")" >/dev/null 2>&1 ;;
	*) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
	esac
}

missing_packages() {
	local entry
	for entry in "${packages[@]}"; do
		# shellcheck disable=SC2086 # two words
		set -- $entry
		has "$1" || echo "$2"
	done
}

install_system_packages() {
	local missing
	mapfile -t missing < <(missing_packages)
	[ ${#missing[@]} -eq 0 ] && return
	local install="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
	command -v apt-get >/dev/null || die "needs ${missing[*]}, and this machine has no apt-get:" \
		"install what brings clang 19, LLVM 19, libbpf and libcrypto with headers, iproute2, ethtool and bpftool, then run this again."
	[ "$(id -u)" -eq 0 ] || die "needs ${missing[*]}. As root, run:" "    $install" "then run this again as root."
	say "installing ${missing[*]}"
	apt-get update -q >/dev/null
	# Where QEMU does not bring it along.
	apt-cache show virtiofsd >/dev/null 2>&1 && missing+=(virtiofsd)
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
}

install_npm_packages() {
	[ node_modules/.package-lock.json -nt package-lock.json ] && return
	say "installing npm packages (npm ci)"
	npm ci --no-audit --no-fund --loglevel=error
	touch node_modules/.package-lock.json
}

mount_bpffs() {
	[ "$(id -u)" -eq 0 ] || die "loading BPF needs root: run this as root."
	[ "$(stat -f -c %T /sys/fs/bpf 2>/dev/null)" = bpf_fs ] && return
	say "mounting bpffs at /sys/fs/bpf"
	mount -t bpf bpf /sys/fs/bpf
}

build() {
	bash scripts/build-bpf.sh
	TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1 npx turbo run build --output-logs=errors-only --no-update-notifier >build/turbo.log 2>&1 ||
		{ cat build/turbo.log >&2; die "the build failed."; }
}

[ "$(uname -s)" = Linux ] || die "eBPF needs Linux; this is $(uname -s)."
install_system_packages
install_npm_packages
build
mount_bpffs
say "ready"
