#!/bin/sh
# base.sh OUT.tar: Debian's packages as the root of an arm64 machine. Needs root and aarch64 programs run by binfmt.
#
# The slow stage (six minutes, nearly all of it under emulation), so build.sh keeps its result under the hash of this
# file, packages.txt and initramfs/drivers. The archives are those the host itself uses, of another release; the card
# ships without any.
set -eu
out=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
export here # a hook asks
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export SOURCE_DATE_EPOCH=1754697600 # Debian 13.0: any constant would do, a commit's time would spoil the cache

archive() { # archive LABEL: where the host gets Debian, or its security updates, from
  # shellcheck disable=SC2016 # apt's own blanks
  apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^$1|//p" | sort -u | head -n 1 | grep . && return
  echo "base.sh: apt on this machine knows no archive labelled $1; apt-get update?" >&2
  exit 69
}

source_of() { # source_of URI SUITES
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main non-free-firmware\n' "$1" "$2"
  printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n'
}

binfmt=/proc/sys/fs/binfmt_misc
[ -e $binfmt/register ] || mount -t binfmt_misc binfmt_misc $binfmt
[ -e $binfmt/qemu-aarch64 ] || [ "$(uname -m)" = aarch64 ] ||
  cat /usr/lib/binfmt.d/qemu-aarch64.conf >$binfmt/register

debian=$(archive Debian)
security=$(archive Debian-Security)
source_of "$debian" 'trixie trixie-updates' >"$work/debian.sources"
source_of "$security" trixie-security >"$work/security.sources"
source_of "$debian" trixie-backports >"$work/backports.sources"

# The kernel of trixie has no driver for the Pi 5's RP1 (Ethernet, USB, pins) and no gpio-sim. It comes with its family.
cat >"$work/pin" <<'END'
Package: src:linux src:linux-signed-arm64 src:linux-base src:initramfs-tools src:firmware-nonfree
Pin: release n=trixie-backports
Pin-Priority: 990
END

# Written before initramfs-tools comes: its archive is made once, with the kernel.
cat >"$work/initramfs" <<'END'
cd "$1/etc"
mkdir -p initramfs-tools/hooks initramfs-tools/conf.d
install -m 755 "$here/initramfs/drivers" initramfs-tools/hooks
echo MODULES=list >initramfs-tools/conf.d/modules
echo update_initramfs=no >initramfs-tools/update-initramfs.conf
END

# force-confold: update-initramfs.conf is written before its package comes. raspi-firmware's hook calls its files by
# path, so it is left to run; build.sh empties /boot/firmware after.
nice -n 10 mmdebstrap --architectures=arm64 --variant=minbase --include="$(sed '/^#/d' "$here/packages.txt" | paste -sd,)" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt=force-confold --aptopt='APT::Install-Recommends "false"' \
  --setup-hook="upload $work/pin /etc/apt/preferences.d/backports" \
  --essential-hook="sh -e $work/initramfs \"\$1\"" \
  trixie "$work/base.tar" "$work/debian.sources" "$work/security.sources" "$work/backports.sources"
mv "$work/base.tar" "$out.new"
mv "$out.new" "$out"
