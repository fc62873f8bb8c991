#!/bin/busybox sh
# First process of the guest: mount the host's files read-only under a scratch layer and go there.
b=/bin/busybox

fail() {
	$b echo "init: $1"
	$b poweroff -f
}

$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do
	$b insmod "$module" || fail "cannot load $module"
done

$b mount -t virtiofs host /host -o ro || fail "cannot mount the host's files"
$b mount -t tmpfs scratch /scratch -o size=75%
$b mkdir /scratch/upper /scratch/work
$b mount -t overlay root /root -o lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work ||
	fail "cannot layer the root file system"

for folder in proc sys dev; do
	$b mount -o move /$folder /root/$folder
done
$b mount -t tmpfs run /root/run
$b mkdir /root/run/host
$b mount -t virtiofs run /root/run/host || fail "cannot mount the run folder"
exec $b switch_root /root /bin/bash /run/host/start.sh
