# From a line of kernels.txt to a kernel that boots: $CACHE/kernels/<release>/{vmlinuz,initrd,usr/lib/modules}.

FRESH_DAYS=7

# The cached release of a kernel's name; the stamp's age says when the mirror was last asked.
stamp_of() { echo "$CACHE/names/$1"; }
release_of() { cat "$(stamp_of "$1")"; }

is_cached() { [ -s "$(stamp_of "$1")" ] && [ -e "$CACHE/kernels/$(release_of "$1")/initrd" ]; }
is_fresh() { is_cached "$1" && [ -n "$(find "$(stamp_of "$1")" -mtime "-$FRESH_DAYS")" ]; }

suites_of() { awk -v name="$1" '$1 == name { $1 = ""; print }' "$KERNELS"; }

# prepare_kernel <name>: ask the mirror what is newest, fetch it unless it is here already
prepare_kernel() {
	local name=$1 found
	if found=$(find_kernel "$name"); then
		# shellcheck disable=SC2086 # "release suite"
		fetch_kernel $found && echo "${found% *}" >"$(stamp_of "$name")"
	elif is_cached "$name"; then
		echo "kernels: the Debian mirror does not answer: $name stays at the cached $(release_of "$name")" >&2
	else
		echo "kernels: no $name: the Debian mirror $(debian_mirror) does not answer and nothing is cached in $CACHE;" \
			"set CRYPTBPF_DEBIAN_MIRROR to one that does" >&2
		return 1
	fi
}

# Prints "release suite" of the highest version among the suites that answer.
find_kernel() {
	local suite release
	for suite in $(suites_of "$1"); do
		update_suite "$suite" && release=$(newest_release "$suite") && echo "$release $suite"
	done | sort -V | tail -n 1 | grep .
}

fetch_kernel() {
	local release=$1 suite=$2 kernel=$CACHE/kernels/$1
	[ -e "$kernel/initrd" ] && return
	echo "kernels: downloading $release from $suite" >&2
	rm -rf "$kernel" && mkdir -p "$kernel/download"
	# shellcheck disable=SC2046 # one word per package
	download_packages "$suite" "$kernel/download" $(kernel_packages "$suite" "$release") &&
		unpack_kernel "$kernel" && index_modules "$kernel" "$release" && build_initrd "$kernel" "$release"
}

unpack_kernel() {
	local kernel=$1 package
	for package in "$kernel"/download/*.deb; do
		dpkg-deb --extract "$package" "$kernel" || return
	done
	rm -rf "$kernel/download"
	find "$kernel" -name 'vmlinuz*' -type f -exec mv {} "$kernel/vmlinuz" \; -quit
}

# Packages ship their modules in /lib or in /usr/lib; depmod and modprobe look into /lib.
index_modules() {
	local kernel=$1 release=$2
	if [ -d "$kernel/lib/modules" ]; then
		mkdir -p "$kernel/usr/lib" && mv "$kernel/lib/modules" "$kernel/usr/lib/modules" && rm -r "${kernel:?}/lib"
	fi
	ln -sfn usr/lib "$kernel/lib" && depmod -b "$kernel" "$release"
}

# The initial file system: busybox, the modules that reach the host's files, and guest/init.sh.
build_initrd() {
	local kernel=$1 release=$2 root=$1/initrd.d
	mkdir -p "$root"/{bin,modules,proc,sys,dev,host,scratch,root}
	cp "$(command -v busybox)" "$root/bin/busybox"
	copy_modules "$kernel" "$release" "$root/modules" virtio_pci virtiofs overlay || return
	install -m 755 "$HERE/guest/init.sh" "$root/init"
	(cd "$root" && find . | busybox cpio -o -H newc) >"$kernel/initrd.new" 2>/dev/null || return
	rm -rf "$root" && mv "$kernel/initrd.new" "$kernel/initrd"
}

# copy_modules <kernel> <release> <folder> <module…>: uncompressed, with what they need, numbered in loading order
copy_modules() {
	local kernel=$1 release=$2 folder=$3 number=10 file
	shift 3
	for file in $(insertion_order "$kernel" "$release" "$@"); do
		uncompressed "$file" >"$folder/$number-$(basename "${file%.ko*}").ko" || return
		number=$((number + 1))
	done
}

insertion_order() {
	local kernel=$1 release=$2 module
	shift 2
	for module; do
		modprobe -C /dev/null -d "$kernel" -S "$release" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

uncompressed() {
	case $1 in
	*.xz) busybox xzcat "$1" ;;
	*) cat "$1" ;;
	esac
}

# Kernels that no name refers to any more.
remove_old_kernels() {
	local kernel
	for kernel in "$CACHE"/kernels/*/; do
		grep -qxF "$(basename "$kernel")" "$CACHE"/names/* || rm -rf "$kernel"
	done
}
