# One run of a command inside one kernel.

# boot_kernel <name> <run folder>: run <run folder>/command.sh in the guest. Its output goes to `output`, its exit status
# to `status`, which is missing when the guest did not finish; the kernel's own messages are in `console`.
boot_kernel() {
	local run=$2 kernel
	kernel=$CACHE/kernels/$(release_of "$1")
	trap 'kill $(jobs -p) 2>/dev/null' EXIT
	trap 'exit 143' TERM
	cp "$HERE/guest/start.sh" "$run/start.sh"
	echo "$kernel" >"$run/kernel"
	: >"$run/output"
	serve_folder / always "$run/host.socket" >"$run/host.log" 2>&1 &
	serve_folder "$run" auto "$run/run.socket" >"$run/run.log" 2>&1 &
	await_sockets "$run/host.socket" "$run/run.socket" || return
	run_qemu "$kernel" "$run" &
	local qemu=$!
	tail -n +1 -s 0.2 --pid=$qemu -f "$run/output" &
	wait $qemu
	wait
}

# serve_folder <folder> <cache policy> <socket>: by the virtiofsd in C (QEMU up to 7) or the later one in Rust
serve_folder() {
	local virtiofsd options=()
	virtiofsd=$(virtiofsd_path)
	# overlay refuses a lower layer with mount points that the guest knows of (EREMOTE)
	"$virtiofsd" --help | grep -q -e --no-announce-submounts && options=(--no-announce-submounts)
	ulimit -n 1000000 2>/dev/null || true # one descriptor for each file that the guest has seen
	exec "$virtiofsd" --socket-path="$3" --thread-pool-size=0 "${options[@]}" \
		-o source="$1" -o cache="$2" -o sandbox=chroot
}

virtiofsd_path() {
	local path
	for path in /usr/libexec/virtiofsd /usr/lib/qemu/virtiofsd; do
		[ -x $path ] && echo $path && return
	done
	false
}

await_sockets() {
	local attempt
	for attempt in {1..600}; do
		[ -S "$1" ] && [ -S "$2" ] && return
		sleep 0.05
	done
	echo "kernels: virtiofsd did not start:"
	cat "${1%.socket}.log" "${2%.socket}.log"
	return 1
}

# Without cmpxchg16b, whose flags QEMU 7.2 gets wrong at times, which ends in a panic; with one virtual CPU, since kernel
# 7.3 panicked now and then with two. An oops ends the guest: it is a failure.
run_qemu() {
	local kernel=$1 run=$2
	exec timeout --foreground "$TIMEOUT" qemu-system-x86_64 \
		-machine q35,usb=off -accel tcg,tb-size=1024 -cpu max,-cx16 -smp 1 -m "$MEMORY" \
		-object memory-backend-memfd,id=memory,size="${MEMORY}M",share=on -numa node,memdev=memory \
		-nodefaults -no-user-config -display none -no-reboot -nic none -rtc base=utc -serial file:"$run/console" \
		-kernel "$kernel/vmlinuz" -initrd "$kernel/initrd" \
		-append "console=ttyS0 quiet panic=-1 oops=panic mitigations=off tsc=reliable no_timer_check" \
		-chardev socket,id=host,path="$run/host.socket" -device vhost-user-fs-pci,chardev=host,tag=host,queue-size=1024 \
		-chardev socket,id=run,path="$run/run.socket" -device vhost-user-fs-pci,chardev=run,tag=run \
		</dev/null >"$run/qemu.log" 2>&1
}
