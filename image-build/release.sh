#!/bin/sh
# dist/ from var/image: what is put on a server for others, whole, with its checksums. `release.sh --check` only looks
# at the keys, and whether all is committed.
#
#   SENTINEL_URL          where dist/ will be found; goes into os_list.json
#   SENTINEL_UPDATE_KEYS  the folder with the public keys the image was built with
#   SENTINEL_UPDATE_KEY   the private key that signs the update (PEM); current.pem's
#   SENTINEL_DEVELOPMENT  1: the development pair will do where these are not given, and every name ends in -dev
set -eu
PATH=$PATH:/usr/sbin:/sbin # debugfs
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
top=${here%/*}
built=$top/var/image dist=$top/dist
python=$top/.venv/bin/python
url=${SENTINEL_URL:-https://example.org/cabinet-sentinel}
keys=${SENTINEL_UPDATE_KEYS:-} key=${SENTINEL_UPDATE_KEY:-} mark=''

fail() {
  echo "release: $*" >&2
  exit 69
}

if [ "${SENTINEL_DEVELOPMENT:-}" = 1 ]; then
  keys=${keys:-$top/var/update-keys} key=${key:-$top/var/update-keys/current.key} mark=-dev
fi
if [ -z "$keys" ] || [ -z "$key" ]; then
  fail "a release is signed: SENTINEL_UPDATE_KEYS and SENTINEL_UPDATE_KEY, or SENTINEL_DEVELOPMENT=1 for nobody's practice"
fi
[ "${1:-}$mark" != --check-dev ] || [ -e "$key" ] || exit 0 # the build makes the pair
public=$(openssl pkey -in "$key" -pubout) || fail "$key is no private key"
[ "$public" = "$(cat "$keys/current.pem")" ] || fail "$key is not the private half of $keys/current.pem"
[ -n "$mark" ] || changed=$(git -C "$top" status --porcelain)
[ -z "${changed:-}" ] || fail "a release is made of what is committed, and \`git status\` names more"

held() { # held FILE: of the root that was built
  debugfs -R "cat /usr/lib/sentinel/$1" "$built/root.ext4" 2>/dev/null
}

[ "${1:-}" != --check ] || exit 0
version=$(cat "$built/version") || fail "$built is not whole; ./dev image"
[ "$(held version)" = "$version" ] || fail "the root is version $(held version), and its update would say $version"
[ "$(held update-keys/current.pub)" = "$public" ] || fail "the image was built with other keys than $keys"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
name=$dist/sentinel-$version$mark

rm -rf "$dist"
mkdir -p "$dist"
cp --sparse=always "$built/sentinel.img" "$name.img"
# Of the image as it was built: the copy has holes also where zeroes must be written, in the FATs and the journal.
bmaptool --quiet create -o "$name.img.bmap" "$built/sentinel.img"
xz -T2 -3 --keep "$name.img" # Imager reads xz everywhere; -3, for half the time of -6 saves all but 2 %
(cd "$top" && "$python" -m sentinel.card.bundle "$name.update" --version "$version" --root "$built/root.ext4" \
  --boot "$built/boot/a" --key "$key" --made "$SOURCE_DATE_EPOCH")
"$python" "$here/papers.py" "$dist" "$version$mark" "$url"
rm "$name.img"
"$top/dev" wheels # last: what a playbook installs lies beside the image
(cd "$dist" && sha256sum ./* >SHA256SUMS)
ls -l "$dist"
