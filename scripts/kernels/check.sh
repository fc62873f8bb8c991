# What the machine must have before the first kernel is fetched; each refusal says what to run.

refuse() {
	printf 'kernels: %s\n' "$@" >&2
	exit 1
}

check_machine() {
	[ "$(uname -sm)" = "Linux x86_64" ] || refuse "the kernel matrix runs on Linux x86_64, this is $(uname -sm)"
	command -v apt-get >/dev/null || refuse "Debian's kernels are fetched with apt, which is not here;" \
		"run the matrix on a Debian or Ubuntu machine or in a container: docker run --rm -it -v \"\$PWD:\$PWD\" -w \"\$PWD\" debian:13"
	[ "$(id -u)" = 0 ] || refuse "virtiofsd shares the root file system as root; run:  sudo -E $HERE/matrix.sh"
	local packages
	packages=$(missing_packages | xargs)
	[ -n "$(debian_mirror)" ] || refuse "no Debian mirror is known here: set CRYPTBPF_DEBIAN_MIRROR to the URL of one"
	[ -z "$packages" ] || refuse "missing system packages; run:" "  apt-get update && apt-get install -y --no-install-recommends $packages"
}

# QEMU up to 7 brought virtiofsd along, later it has a package of its own.
missing_packages() {
	command -v qemu-system-x86_64 >/dev/null || echo qemu-system-x86
	virtiofsd_path >/dev/null || { apt-cache show virtiofsd >/dev/null 2>&1 && echo virtiofsd; }
	is_static busybox || echo busybox-static
	command -v depmod >/dev/null || echo kmod
	[ -e "$DEBIAN_KEYRING" ] || echo debian-archive-keyring
}

is_static() {
	local path
	path=$(command -v "$1") && ! ldd "$path" >/dev/null 2>&1
}
