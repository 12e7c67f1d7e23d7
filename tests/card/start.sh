#!/bin/sh
# start.sh PYTHON TOP WORK: a card's start and its claim by the real commands, in a root that RAM covers and a FAT partition
# (here a tmpfs) that lies mounted read-only. In mount and host name tables of its own: unshare --mount --uts.
set -eu
python=$1 top=$2 work=$3
mount -t tmpfs tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
cd "$work/root"
for each in /proc /dev "$top"; do mount --rbind "$each" ".$each"; done
mkdir -p data/timesync data/sentinel boot/firmware var/lib/sentinel run/sentinel etc
sed -i '/^sentinel:/d' etc/group && echo 'sentinel:x:960:' >>etc/group
echo 'root=PARTUUID=5e471ae1-02 ro sentinel.slot=a' >cmdline
mount --bind cmdline proc/cmdline
mount -t tmpfs tmpfs boot/firmware
cp "$top/docs/examples/sentinel.toml" "$top/docs/examples/rpi-preseed.toml" boot/firmware
echo 'os_prefix=a/' >boot/firmware/config.txt
mount -o remount,ro boot/firmware

sentinel() {
  PYTHONPATH=$top chroot . "$python" -m sentinel --config /etc/sentinel/sentinel.toml \
    --dir /var/lib/sentinel --run /run/sentinel "$@"
}

is_read_only() { ! touch boot/firmware/x 2>/dev/null; }

sentinel boot
is_read_only
hostname
stat -c '%a %g' etc/sentinel/sentinel.toml
ls boot/firmware
rm var/lib/sentinel/CODE-SENTINELLE.txt && touch var/lib/sentinel/claimed
sentinel claimed
is_read_only
ls boot/firmware
grep -c '^password' boot/firmware/rpi-preseed.toml data/rpi-preseed.toml
