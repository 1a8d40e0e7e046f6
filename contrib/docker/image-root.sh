#!/bin/sh
# Puts together the whole of an image that is made from nothing: the binary, the shared libraries that it needs and no others,
# the certificates of public authorities, and a user that is not root.
#
# Usage: image-root.sh BINARY FOLDER
set -eu

binary=$1
root=$2

mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/etc/countersign" "$root/var/lib/countersign" "$root/tmp"
install -m 755 "$binary" "$root/usr/bin/countersign"

# A line is either `NAME => PATH (ADDRESS)` or, for the loader, `PATH (ADDRESS)`. The one without a path is the kernel's.
ldd "$binary" | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
echo 'countersign:x:65532:65532:Countersign:/var/lib/countersign:/sbin/nologin' > "$root/etc/passwd"
echo 'countersign:x:65532:' > "$root/etc/group"
chmod 1777 "$root/tmp"
chmod 700 "$root/var/lib/countersign"
# Without the right to give files away, the image is put together for a look, and the store's folder stays one's own.
chown 65532:65532 "$root/var/lib/countersign" 2>/dev/null || echo "the store's folder stays that of $(id -un)" >&2
