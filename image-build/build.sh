#!/bin/sh
# The card image of this commit: Debian's base -> the sentinel on it -> three file systems -> var/image/sentinel.img.
#
# No loop device and no mount. Root, for the arm64 root is entered by chroot (binfmt). The same commit gives the same bytes,
# given the same update keys and the same versions in Debian's archive. `build.sh base` makes the slow stage only.
set -eu
umask 022
export LC_ALL=C.UTF-8 TZ=UTC
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
top=${here%/*}
out=${SENTINEL_OUT:-$top/var/image}
cache=${SENTINEL_CACHE:-/var/cache/cabinet-sentinel}
keys=${SENTINEL_UPDATE_KEYS:-}
flavour=${SENTINEL_FLAVOUR:-debian}
uuid=5e471ae1-0000-4000-8000-00000000000
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH E2FSPROGS_FAKE_TIME="$SOURCE_DATE_EPOCH"
began=$(date +%s)

say() { printf 'image: %4d s  %s\n' $(($(date +%s) - began)) "$*" >&2; }

fail() {
  printf 'image: %s\n' "$*" >&2
  exit 69
}

in_root() { SYSTEMD_LOG_LEVEL=err chroot "$root" "$@"; }

hash_of() (cd "$here" && cat "$@" | sha256sum | cut -c1-16)

lay() { # lay FOLDER PLACE [FILE...]: what git knows of this folder, as root's, whatever the umask it was cloned with
  (cd "$top/$1" && git ls-files -z) >"$work/laid"
  tar -C "$top/$1" --null -T "$work/laid" --owner=0 --group=0 --mode=u=rwX,go=rX -cf "$work/laid.tar"
  tar -C "$root$2" --keep-directory-symlink --no-overwrite-dir -xf "$work/laid.tar"
}

# --- base: Debian ----------------------------------------------------------------------------------------------

older() { [ -n "$(find "$1" -mtime "+$2")" ]; } # older FILE DAYS: made more than so many days ago

base() { # a release takes Debian as it is today; whoever tries something takes what is kept
  kept=$cache/base-$(hash_of packages.txt base.sh initramfs/drivers).tar
  why=
  if [ ! -f "$kept" ]; then
    why="no base kept for these packages"
  elif [ "${SENTINEL_RELEASE:-}" = 1 ] && older "$kept" 0; then
    why="a release, and the base that is kept is not of today"
  elif older "$kept" 30; then
    say "OLD: the base is of $(date -r "$kept" +%F), without Debian's security updates since. For a new one remove $kept"
  fi
  if [ -n "$why" ]; then
    say "$why: making one, about 6 minutes"
    # shellcheck disable=SC2016 # blanks of that shell. Its trap is not in base.sh, whose hash is the base's name
    making sh -c 'trap "exit 130" INT TERM HUP; . "$0"' "$here/base.sh"
  fi
  used base "$kept"
  tar -C "$root" --numeric-owner -xf "$kept"
  say "base: $kept"
  [ "$flavour" = debian ] || "$here/raspios.sh" "$root"
}

making() { # making COMMAND...: of two builds at once each writes a file of its own; whole, it is kept
  "$@" "$kept.$own"
  mv "$kept.$own" "$kept"
}

used() { # used KIND FILE: now; what nobody used for three weeks goes, for other branches have theirs
  touch -a "$2"
  find "$cache" -maxdepth 1 -type f -name "$1-*" -atime +20 -exec rm -f {} +
}

# --- app: the sentinel -----------------------------------------------------------------------------------------

wheels() { # the venv and its packages, kept by their pins
  site=/opt/sentinel/venv/lib/python3.13/site-packages
  kept=$cache/wheels-$(hash_of packages.txt base.sh initramfs/drivers wheels.sh ../requirements/run.txt).tar
  [ -f "$kept" ] || making "$here/wheels.sh" "$root"
  tar -C "$root" -xf "$kept" # also over what was just made, for the times of its files
  used wheels "$kept"
  say "wheels: $kept"
}

program() {
  mkdir -p "$root$site/sentinel" "$root$site/web"
  lay sentinel "$site/sentinel"
  lay web "$site/web"
  in_root /opt/sentinel/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash "$site/sentinel" "$site/web"
  mkdir -p "$root/usr/lib/sentinel"
  sed -n 's/^__version__ = "\(.*\)"/\1/p' "$top/sentinel/__init__.py" >"$root/usr/lib/sentinel/version"
  say "program $(cat "$root/usr/lib/sentinel/version")"
}

update_keys() { # the two public keys this root believes
  if [ -z "$keys" ]; then
    keys=$top/var/update-keys
    say "NOT FOR A PRACTICE: updates of this image are signed by the development keys of $keys"
    mkdir -p "$keys"
    for name in current next; do
      [ -f "$keys/$name.key" ] || (umask 077 && openssl genpkey -algorithm ed25519 -out "$keys/$name.key")
      openssl pkey -in "$keys/$name.key" -pubout -out "$keys/$name.pem"
    done
  fi
  for name in current next; do
    install -D -m 644 "$keys/$name.pem" "$root/usr/lib/sentinel/update-keys/$name.pub" || fail "$keys has no $name.pem"
  done
}

app() {
  shared=ansible/roles/sentinel/files/rootfs
  [ ! -d "$top/$shared" ] || lay "$shared" ""
  lay image-build/rootfs ""
  wheels
  program
  update_keys
  in_root systemd-sysusers
  in_root systemctl --quiet preset-all
  in_root systemctl --quiet set-default multi-user.target
  in_root systemctl --quiet mask systemd-networkd-wait-online.service systemd-binfmt.service \
    sys-kernel-debug.mount sys-kernel-tracing.mount dev-hugepages.mount dev-mqueue.mount \
    sys-fs-fuse-connections.mount modprobe@fuse.service modprobe@drm.service # nobody uses them, and a start waits
}

# --- image: what the Pi reads ----------------------------------------------------------------------------------

initrd() { # Debian's, and our two scripts in an archive behind it: the kernel unpacks both
  mkdir -p "$work/initramfs/scripts/local-premount" "$work/initramfs/scripts/init-bottom"
  install -m 755 "$here/initramfs/trial" "$work/initramfs/scripts/local-premount/sentinel-trial"
  install -m 755 "$here/initramfs/overlay" "$work/initramfs/scripts/init-bottom/sentinel-overlay"
  order local-premount sentinel-trial
  order init-bottom sentinel-overlay udev
  find "$work/initramfs" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
  cp "$root/boot/initrd.img-$version" "$boot/a/initrd.img"
  list=$work/initramfs.list more=$work/initramfs.cpio # no pipe, in which a failure would not be seen
  (cd "$work/initramfs" && find . >"$list")
  sort -o "$list" "$list"
  (cd "$work/initramfs" && cpio -o -H newc -R 0:0 --reproducible --quiet <"$list" >"$more")
  zstd -q <"$more" >>"$boot/a/initrd.img"
}

order() { # order FOLDER SCRIPT...: as initramfs-tools writes it
  folder=scripts/$1
  shift
  # shellcheck disable=SC2016 # blanks of the initramfs
  for script; do
    printf '/%s/%s "$@"\n[ -e /conf/param.conf ] && . /conf/param.conf\n' "$folder" "$script"
  done >"$work/initramfs/$folder/ORDER"
}

firmware() { # the FAT partition: the Pi's own firmware, and in a/ what belongs to root a
  version=$(basename "$root"/usr/lib/modules/*)
  trees=$root/usr/lib/modules/$version/dtb
  [ -d "$trees" ] || trees=$root/usr/lib/linux-image-$version # where kernels before 7 have them
  mkdir -p "$boot/a" "$boot/b"
  (cd "$root/usr/lib/raspi-firmware" && cp bootcode.bin start.elf start_cd.elf start4.elf start4cd.elf \
    fixup.dat fixup_cd.dat fixup4.dat fixup4cd.dat "$boot")
  cp "$trees"/broadcom/bcm27*.dtb "$trees"/broadcom/bcm2837*.dtb "$boot/a"
  cp "$root/boot/vmlinuz-$version" "$boot/a/vmlinuz"
  cp "$here/boot/cmdline.txt" "$boot/a"
  cp "$here/boot/config.txt" "$boot"
  [ "$flavour" = debian ] || sed -i '/^upstream_kernel=/d' "$boot/config.txt" # its trees have names of its own
  echo '-0' >"$boot/trial.txt"
  initrd
  find "$boot" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
}

fat() {
  truncate -s 512M "$work/firmware.vfat"
  mkfs.vfat -F 32 -n FIRMWARE -i 5e471ae1 --invariant "$work/firmware.vfat" >/dev/null
  for name in a b; do mmd -i "$work/firmware.vfat" "::$name"; done
  (cd "$boot" && find . -type f | sort) | while read -r name; do
    mcopy -m -i "$work/firmware.vfat" "$boot/$name" "::${name#./}"
  done
}

bare() { # nothing secret, nothing of this machine, nothing twice
  cd "$root"
  rm -rf boot/* usr/lib/modules/*/dtb usr/lib/modules/*/vmlinuz usr/lib/raspi-firmware/* usr/lib/linux-image-*
  rm -rf etc/ssh/ssh_host_* etc/apt/sources.list.d/* etc/apt/preferences.d/* var/lib/apt/lists/* tmp/* run/*
  rm -rf var/log/* var/cache/ldconfig/aux-cache var/cache/debconf/*-old var/lib/dpkg/*-old etc/*- etc/.pwd.lock
  : >etc/machine-id
  mkdir -p boot/firmware data
  touch -d "@$SOURCE_DATE_EPOCH" etc/.updated var/.updated usr # or each boot would make ld.so.cache and more again
  touch -d "@$SOURCE_DATE_EPOCH" usr/lib/clock-epoch           # no start of systemd is before it; a Pi has no battery
  cd "$top"
}

packed() { # packed FOLDER: a tar whose order and times do not depend on this machine
  tar -C "$1" --sort=name --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --clamp-mtime \
    --format=posix --pax-option=delete=atime,delete=ctime -cf - .
}

ext4() { # ext4 NAME SIZE DIGIT OPTIONS...
  name=$1 size=$2 id=$uuid$3
  shift 3
  mke2fs -q -t ext4 -b 4096 -L "$name" -U "$id" -E "hash_seed=$id,nodiscard" -d "$work/$name.tar" "$@" "$work/$name.ext4" "$size"
}

image() {
  firmware
  fat
  bare
  packed "$root" >"$work/root.tar"
  # No larger than it must be: nobody writes to it, and an update copies all of it.
  ext4 root $(($(stat -c %s "$work/root.tar") * 9 / 8 / 1048576 + 32))M 2 -m 0 -i 8192 -O '^has_journal,^metadata_csum_seed,^orphan_file'
  mkdir -p "$work/data/sentinel" "$work/data/ssh" "$work/data/timesync"
  chown 962:960 "$work/data/sentinel" && chmod 2750 "$work/data/sentinel" # sentinel-watch:sentinel
  packed "$work/data" >"$work/data.tar"
  ext4 data 64M 4 -m 1 -i 65536 -O '^metadata_csum_seed,^orphan_file' # few inodes: growing to 128 GB writes them all
  mkdir -p "$work/nothing"
  genimage --loglevel 0 --config "$here/genimage.cfg" --inputpath "$work" --outputpath "$work/out" \
    --tmppath "$work/tmp" --rootpath "$work/nothing"
}

deliver() { # `version` goes first and comes last: what lies without it is not whole, and release.sh takes none of it
  mkdir -p "$out"
  rm -rf "${out:?}/version" "${out:?}/boot"
  mv "$boot" "$out/boot"
  mv "$work/root.ext4" "$work/root.tar" "$out"
  mv "$work/out/sentinel.img" "$out/sentinel.img"
  cp "$root/usr/lib/sentinel/version" "$out/version"
  say "$out/sentinel.img $(sha256sum "$out/sentinel.img" | cut -c1-16)…"
}

main() {
  [ "$(id -u)" = 0 ] || fail "the arm64 root is entered by chroot: sudo ./dev image"
  missing=
  for tool in mmdebstrap genimage mcopy mkfs.vfat mke2fs sfdisk cpio zstd openssl git; do
    command -v $tool >/dev/null || missing="$missing $tool"
  done
  [ -z "$missing" ] || fail "missing here:$missing; the packages are in tests/image/packages.txt"
  case $flavour in
    debian) ;;
    raspios) "$here/raspios.sh" --check || exit ;;
    *) fail "SENTINEL_FLAVOUR is debian or raspios, not $flavour" ;;
  esac
  mkdir -p "$top/var" "$cache"
  find "$top/var" -maxdepth 1 -name 'image-build.*' -mtime +0 -exec rm -rf {} + # of builds that were killed
  work=$(mktemp -d "$top/var/image-build.XXXXXX")
  own=${work##*.}
  trap 'rm -rf "$work" "$cache"/*".$own" "$cache"/*".$own.new"' EXIT
  trap 'exit 130' INT TERM HUP # or dash would leave it
  root=$work/root boot=$work/boot
  mkdir "$root" "$boot"
  base
  [ "${1:-}" != base ] || return 0
  app
  image
  deliver
}

main "$@"
