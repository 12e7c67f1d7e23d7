#!/bin/sh
# wheels.sh ROOT OUT.tar: the venv of the card, with the pinned packages in it. The host's pip unpacks the wheels:
# seconds, where pip under emulation takes minutes.
set -eu
root=$1 out=$2
venv=/opt/sentinel/venv
site=$venv/lib/python3.13/site-packages
pins=$(dirname -- "$0")/../requirements/run.txt

chroot "$root" python3 -m venv --without-pip $venv
set --
for tag in manylinux2014 manylinux_2_17 manylinux_2_28 manylinux_2_31; do set -- "$@" --platform "${tag}_aarch64"; done
said=$(python3 -m pip --quiet --disable-pip-version-check install --root-user-action ignore --no-compile --no-deps \
  --require-hashes --only-binary :all: --python-version 3.13 --implementation cp "$@" \
  --target "$root$site" -r "$pins" 2>&1) || {
  printf '%s\n' "$said" | tail -n 12 | sed 's#[A-Za-z+]*://[^ ]*#(address)#g' >&2 # one may hold a password
  exit 69
}
rm -rf "${root:?}$site/bin" "$root$site/pip" "$root$site/setuptools" # nothing is installed on a card
# Those commands began with the path of this machine's Python, and so their hashes would tell builds apart.
sed -i '\#^\.\./\.\./bin/#d' "$root$site"/*.dist-info/RECORD
# By hash and never looked at again: the root is read-only, and times differ from build to build.
chroot "$root" $venv/bin/python -m compileall -q --invalidation-mode unchecked-hash $site
tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$out.new" ./opt/sentinel
mv "$out.new" "$out"
