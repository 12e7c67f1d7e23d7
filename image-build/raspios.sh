#!/bin/sh
# raspios.sh ROOT: Raspberry Pi's own kernel and firmware where Debian's were. `raspios.sh --check` only looks whether it
# has what it needs.
#
#   SENTINEL_RASPIOS_URL      where its archive is
#   SENTINEL_RASPIOS_KEYRING  a file with the archive's public keys
#
# Raspberry Pi OS of 64 bits is Debian's arm64 with that archive beside, so this is one installation more on Debian's base.
# NOT TRIED with the real archive, which our tests cannot reach, but with one of four packages made for the purpose: no
# card of it was ever booted.
set -eu
url=${SENTINEL_RASPIOS_URL:-}
keyring=$(readlink -f -- "${SENTINEL_RASPIOS_KEYRING:-/}") || keyring=

if [ -z "$url" ] || [ ! -f "$keyring" ]; then
  echo "raspios.sh: SENTINEL_RASPIOS_URL and SENTINEL_RASPIOS_KEYRING say where that archive and its keys are" >&2
  exit 69
fi
[ "$1" != --check ] || exit 0
root=$1
work=$(mktemp -d)
trap 'umount "$root/proc" 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
mount -t proc proc "$root/proc" # by which the packages' scripts see that they are in a chroot

apt() { # this machine's, working on the root from outside as mmdebstrap does, and from that archive alone
  DEBIAN_FRONTEND=noninteractive nice -n 10 apt-get -qq -o Dir="$root" -o DPkg::Chroot-Directory="$root" \
    -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o APT::Install-Recommends=false \
    -o Dir::Etc::SourceList="$work/raspios.sources" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
    -o DPkg::Options::=--force-confold "$@"
}

printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: %s\n' "$url" "$keyring" >"$work/raspios.sources"
apt update
# One kernel for all boards: that of 4 kB pages, which a Pi 5 runs as well.
# shellcheck disable=SC2046,SC2016 # one word per package; the blank is dpkg-query's
chroot "$root" dpkg --purge $(chroot "$root" dpkg-query -W -f '${Package}\n' 'linux-image-*arm64')
rm -rf "${root:?}"/usr/lib/modules/* # what depmod made stays otherwise
apt install -y linux-image-rpi-v8 raspi-firmware firmware-brcm80211
rm -rf "$root"/var/cache/apt/archives/*.deb
