#!/bin/sh
# The image that chp's containers start from, made of the host's own files: a shell, small tools, glibc, certificates.
# No registry is needed, and what the host's package manager mends is mended here, too.
# `make IMAGE NODE` makes it; `check IMAGE NODE` says `image` when it is as it would be made now. Root and Docker needed.
set -eu
act=$1 image=$2 node=$3

found() { for dir in /usr/bin /bin; do if [ -x "$dir/$1" ]; then echo "$dir/$1"; return; fi; done; }
tools=$(
  for tool in sh bash env id uname hostname date sleep timeout true false test '[' echo printf seq expr \
    cat cp mv rm ln ls mkdir rmdir mktemp touch chmod stat readlink realpath basename dirname pwd find xargs \
    head tail sort uniq wc cut tr tee sed grep awk diff base64 sha256sum; do found "$tool"; done
)
linked=$(ldd $tools "$node" 2>/dev/null | sed -n 's,^[^/]*\(/[^ ]*\) (0x.*,\1,p')
libc=$(ldd /bin/sh | sed -n 's,.*=> \(/.*\)/libc\.so\.6 .*,\1,p')
# Parts of glibc and of the compiler that native modules of the gateway need, and what glibc loads by itself.
libraries=$(
  { echo "$linked"
    for name in m dl pthread rt util resolv anl nss_files nss_dns gcc_s stdc++; do ls -d "$libc/lib$name.so".[0-9] 2>/dev/null || true; done
  } | sort -u
)
certificates=/etc/ssl/certs/ca-certificates.crt
[ -f "$certificates" ] || certificates=
sum=$(stat -L -c '%n %s %Y' $tools $libraries $certificates | sha256sum | cut -c 1-64)

if [ "$act" = check ]; then
  [ "$(docker image inspect --format '{{index .Config.Labels "chp.files"}}' "$image" 2>/dev/null)" != "$sum" ] || echo image
  exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
mkdir -p "$dir/bin" "$dir/usr" "$dir/etc" "$dir/proc" "$dir/sys" "$dir/dev" "$dir/run" "$dir/var"
mkdir -m 1777 "$dir/tmp"
ln -s ../bin "$dir/usr/bin"
cp -L $tools "$dir/bin/"
for file in $libraries $certificates; do mkdir -p "$dir${file%/*}"; cp -L "$file" "$dir$file"; done
echo 'hosts: files dns' >"$dir/etc/nsswitch.conf"
# Nothing in it needs more than its user has.
chmod -R u-s,g-s,go-w "$dir/bin"
tar -C "$dir" --owner=0 --group=0 --numeric-owner -c . | docker import --change "LABEL chp.files=$sum" - "$image" >/dev/null
# One that it took the place of goes as soon as no container is left of it.
docker image prune --force --filter label=chp.files >/dev/null
