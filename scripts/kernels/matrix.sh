#!/usr/bin/env bash
# Run the kernel tests, or any command, inside stock Debian kernels in QEMU. README.md in this folder says how.
set -uo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPOSITORY=$(cd "$HERE/../.." && pwd)
CACHE=${CRYPTBPF_CACHE:-${HOME:-/root}/.cache/cryptbpf/kernels}
KERNELS=${CRYPTBPF_KERNELS:-$HERE/kernels.txt}
CONFIG=scripts/kernels/vitest.config.mjs
TESTS='packages/*/test/**/*.kernel.test.ts' CHILDREN='packages/core/test/children/*.ts'
MEMORY=1024 TIMEOUT=1800 JOBS=$(nproc) ONLY='' COMMAND=()

# shellcheck source=/dev/null
for part in debian prepare boot check; do . "$HERE/$part.sh"; done

usage() {
	cat <<-END
		usage: matrix.sh [--only NAME,…] [--memory MIB] [--timeout SECONDS] [--jobs N] [-- command…]
		  kernels: $(kernel_names | xargs)
		  default command: vitest over CRYPTBPF_KERNEL_TESTS ($TESTS)
	END
}

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--only) ONLY=${2:?--only wants names of kernels, separated by commas} && shift ;;
		--memory) MEMORY=${2:?--memory wants mebibytes} && shift ;;
		--timeout) TIMEOUT=${2:?--timeout wants seconds} && shift ;;
		--jobs) JOBS=${2:?--jobs wants a number} && shift ;;
		--help) usage && exit ;;
		--) shift && COMMAND=("$@") && return ;;
		*) usage >&2 && exit 1 ;;
		esac
		shift
	done
}

kernel_names() { awk '/^[^#]/ { print $1 }' "$KERNELS"; }

selected_names() {
	local name
	[ -n "$ONLY" ] || { kernel_names && return; }
	for name in ${ONLY//,/ }; do
		kernel_names | grep -xF -e "$name" || { echo "kernels: no kernel \"$name\", there are: $(kernel_names | xargs)" >&2 && return 1; }
	done
}

# Several matrices may run at a time: they share the cache, and whoever changes it is alone with it.
prepare_kernels() {
	local name pids=()
	mkdir -p "$CACHE/names" "$CACHE/kernels"
	exec 9>"$CACHE/lock"
	for name; do is_fresh "$name" || break; done
	is_fresh "$name" && flock -s 9 && return
	flock -n -x 9 || { echo "kernels: waiting for another matrix to end, the cache is out of date" && flock -x 9; }
	for name; do
		is_fresh "$name" && continue
		prepare_kernel "$name" 9>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid" || return; done
	remove_old_kernels
	flock -s 9
}

# The guest runs a shell script in the run folder: environment, folder and command of this process.
write_command() {
	local name=$1 variable
	export CRYPTBPF_VM=$name
	for variable in PATH "${!CRYPTBPF_@}"; do printf 'export %s=%q\n' "$variable" "${!variable}"; done
	if [ ${#COMMAND[@]} -gt 0 ]; then
		printf 'cd %q\n' "$PWD"
		printf '%q ' "${COMMAND[@]}"
	else
		printf 'cd %q\n' "$REPOSITORY"
		echo "node_modules/.bin/vitest run --config $CONFIG"
	fi
}

# Here, and not emulated in each guest: the tests become JavaScript, in a folder of this run.
bundle_tests() {
	[ ${#COMMAND[@]} -gt 0 ] && return
	export CRYPTBPF_KERNEL_BUNDLE=build/kernels/${RUNS##*/}
	(
		cd "$REPOSITORY" && shopt -s globstar nullglob
		# shellcheck disable=SC2206 # patterns
		local files=(${CRYPTBPF_KERNEL_TESTS:-$TESTS} $CHILDREN)
		node "$HERE/bundle.mjs" "$CRYPTBPF_KERNEL_BUNDLE" "${files[@]}"
	)
}

run_kernel() {
	local name=$1 run=$RUNS/$1 started=$EPOCHREALTIME
	mkdir "$run"
	[ ${#COMMAND[@]} -eq 0 ] || : >"$run/custom"
	write_command "$name" >"$run/command.sh"
	(boot_kernel "$name" "$run") 2>&1 | sed -u "s#${CRYPTBPF_KERNEL_BUNDLE:-/}/##; s/^/[$name] /"
	[ -e "$run/status" ] || show_console "$name" "$run"
	node "$HERE/report.mjs" "$name" "$(release_of "$name")" "$run" "$started" >"$run/line"
}

show_console() {
	echo "[$1] the guest did not finish (panic, or longer than $TIMEOUT s); its last messages:"
	tail -qn 40 "$2"/{console,qemu.log} 2>/dev/null | sed "s/^/[$1] /"
}

run_kernels() {
	local name
	for name; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
		run_kernel "$name" &
	done
	wait
}

summarise() {
	local name failed=0
	for name; do
		cat "$RUNS/$name/line"
		[ -e "$RUNS/$name/green" ] || failed=1
	done
	return $failed
}

end_jobs() {
	local group
	for group in $(jobs -p); do kill -- "-$group" 2>/dev/null; done
	wait
	rm -rf "$RUNS" "$REPOSITORY/build/kernels/${RUNS##*/}"
}

main() {
	parse_options "$@"
	local names
	names=$(selected_names) || exit 1
	check_machine
	RUNS=$(mktemp -d "${TMPDIR:-/tmp}/cryptbpf-kernels.XXXXXX")
	set -m # each job is a process group, which end_jobs can end as a whole
	trap end_jobs EXIT
	trap 'exit 130' INT TERM
	# shellcheck disable=SC2086 # one word per name
	prepare_kernels $names && bundle_tests && run_kernels $names && summarise $names
}

main "$@"
exit
