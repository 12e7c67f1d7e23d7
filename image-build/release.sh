#!/bin/sh
# dist/ from var/image: what is put on a server for others, whole, with its checksums.
#
#   SENTINEL_URL         where dist/ will be found; goes into os_list.json
#   SENTINEL_UPDATE_KEY  the private key that signs the update (PEM); the development pair where there is none
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
top=${here%/*}
built=$top/var/image dist=$top/dist
python=$top/.venv/bin/python
url=${SENTINEL_URL:-https://example.org/cabinet-sentinel}
key=${SENTINEL_UPDATE_KEY:-$top/var/update-keys/current.key}
version=$(cat "$built/version")
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
name=$dist/sentinel-$version

rm -rf "$dist"
mkdir -p "$dist"
cp --sparse=always "$built/sentinel.img" "$name.img"
bmaptool --quiet create -o "$name.img.bmap" "$name.img"
xz -T2 -3 --keep "$name.img" # Imager reads xz everywhere; -3, for half the time of -6 saves all but 2 %
(cd "$top" && "$python" -m sentinel.card.bundle "$name.update" --version "$version" --root "$built/root.ext4" \
  --boot "$built/boot/a" --key "$key" --made "$SOURCE_DATE_EPOCH")
"$python" "$here/papers.py" "$dist" "$version" "$url"
rm "$name.img"
(cd "$dist" && sha256sum ./* >SHA256SUMS)
ls -l "$dist"
