# Debian's kernel packages, found by suite through apt with a sources list and state of our own.

DEBIAN_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
KERNEL_FLAVOUR=cloud-amd64

# What Debian's own part of the machine's sources says, in either format: "uri suite…", one a line.
own_sources() {
	local etc=${CRYPTBPF_APT_ETC:-/etc/apt}
	sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]*)?//p' "$etc/sources.list" 2>/dev/null
	awk '$1 == "URIs:" { uri = $2 } $1 == "Suites:" { $1 = ""; print uri $0 }' \
		"$etc/sources.list.d/debian.sources" 2>/dev/null
}

# Another distribution's mirror does not carry Debian: then CRYPTBPF_DEBIAN_MIRROR must name one that does.
debian_mirror() {
	local codename own=''
	codename=$(. /etc/os-release && [ "$ID" = debian ] && echo "$VERSION_CODENAME") &&
		own=$(own_sources | awk -v suite="$codename" '$2 == suite && /^https?:/ { print $1; exit }')
	echo "${CRYPTBPF_DEBIAN_MIRROR:-$own}"
}

# in_suite <suite> apt-get|apt-cache <arguments…>
in_suite() {
	local state=$CACHE/apt/$1 tool=$2
	shift 2
	"$tool" -q \
		-o Dir::Etc::SourceList="$state/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State::Lists="$state/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$state/cache" \
		-o Acquire::Languages=none -o Acquire::Retries=2 -o APT::Sandbox::User=root \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 "$@"
}

update_suite() {
	local suite=$1 state=$CACHE/apt/$1
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	echo "deb [signed-by=$DEBIAN_KEYRING] $(debian_mirror) $suite main" >"$state/sources.list"
	in_suite "$suite" apt-get update --error-on=any >"$state/update.log" 2>&1 ||
		{ grep -E '^(E|Err):?' "$state/update.log" | sed "s/^/$suite: /" >&2 && false; }
}

depends_of() {
	in_suite "$1" apt-cache --no-all-versions show "$2" | sed -n 's/^Depends: //p' | tr ',' '\n' | awk '{ print $1 }'
}

# The release that `uname -r` will print.
newest_release() {
	depends_of "$1" "linux-image-$KERNEL_FLAVOUR" | sed -n '/^linux-image-[0-9]/{s/^linux-image-//p;q}'
}

# Debian's kernels from 7.2 on are split: the image package only depends on those with the files.
kernel_packages() {
	local suite=$1 release=$2
	echo "linux-image-$release"
	depends_of "$suite" "linux-image-$release" | grep -xF -e "linux-base-$release" \
		-e "linux-binary-$release" -e "linux-modules-$release" || true
}

download_packages() {
	local suite=$1 folder=$2
	shift 2
	(cd "$folder" && in_suite "$suite" apt-get download "$@" >"$folder/download.log" 2>&1) ||
		{ tail -n 5 "$folder/download.log" >&2 && false; }
}
