#!/usr/bin/env bash
# The path for bpf_sha256_hash(), which patched kernels alone have: in a guest with Debian's kernel 6.12 and a module that
# has it, built here against that kernel's headers. A command of its own, since it needs a compiler for the kernel.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export CRYPTBPF_CACHE=${CRYPTBPF_CACHE:-${HOME:-/root}/.cache/cryptbpf/kfunc}
export CRYPTBPF_KERNELS=$CRYPTBPF_CACHE/kernels.txt
CACHE=$CRYPTBPF_CACHE
for part in debian boot check; do . "$HERE/$part.sh"; done

# The tools in its headers' packages want the C library of the suite that they are of.
suite_of_tools() {
	case $(. /etc/os-release && echo "${VERSION_CODENAME:-}") in
	bookworm) echo bookworm-backports ;;
	trixie) echo trixie ;;
	*) refuse "the module is built on Debian 12 or 13" ;;
	esac
}

headers_packages() {
	echo "linux-headers-$release"
	depends_of "$suite" "linux-headers-$release" | grep -E '^linux-(headers|kbuild)-'
}

fetch_headers() {
	[ -e "$headers/ready" ] && return
	rm -rf "$headers" && mkdir -p "$headers/download"
	# shellcheck disable=SC2046 # one word per package
	download_packages "$suite" "$headers/download" $(headers_packages)
	(cd "$headers/download" && apt-get -q -o APT::Sandbox::User=root download pahole >/dev/null)
	for package in "$headers"/download/*.deb; do dpkg-deb --extract "$package" "$headers"; done
	sed -i "s#/usr/src/#$headers/usr/src/#" "$headers/usr/src/linux-headers-$release/Makefile"
	rm -rf "$headers/download" && touch "$headers/ready"
}

build_module() {
	module=$headers/module/bpf_sha256_hash.ko
	mkdir -p "$headers/module"
	cp "$HERE/kfunc/bpf_sha256_hash.c" "$headers/module/"
	echo 'obj-m := bpf_sha256_hash.o' >"$headers/module/Makefile"
	PATH=$headers/usr/bin:$PATH make -s -C "$headers/usr/src/linux-headers-$release" M="$headers/module" modules
}

# libbpf 1.1 does not find functions of modules: then the one of Debian 13 is built from its source.
find_libbpf() {
	dpkg --compare-versions "$(dpkg-query -W -f '${Version}' libbpf1)" ge 1:1.2 && return
	export CRYPTBPF_LIBBPF=$CACHE/libbpf/src/libbpf.so.1
	[ -e "$CRYPTBPF_LIBBPF" ] && return
	update_suite trixie
	sed 's/^deb /deb-src /' "$CACHE/apt/trixie/sources.list" >>"$CACHE/apt/trixie/sources.list"
	in_suite trixie apt-get update >/dev/null
	rm -rf "$CACHE/libbpf" "$CACHE/source" && mkdir -p "$CACHE/source"
	(cd "$CACHE/source" && in_suite trixie apt-get source libbpf >log 2>&1)
	mv "$CACHE"/source/libbpf-*/ "$CACHE/libbpf"
	make -s -j"$(nproc)" -C "$CACHE/libbpf/src" >"$CACHE/libbpf/log" 2>&1
}

check_machine
for tool in gcc make; do command -v $tool >/dev/null || refuse "there is no $tool; run:  apt-get install -y build-essential libelf-dev zlib1g-dev"; done
mkdir -p "$CACHE"
suite=$(suite_of_tools)
echo "6.12 $suite" >"$CRYPTBPF_KERNELS"
update_suite "$suite"
release=$(newest_release "$suite")
headers=$CACHE/headers/$release
fetch_headers
build_module
find_libbpf
export CRYPTBPF_KFUNC_MODULE=$module CRYPTBPF_KERNEL_TESTS=scripts/kernels/kfunc/kfunc.guest.ts
exec bash "$HERE/matrix.sh"
