#!/bin/sh
# Makes the image of a test host: Debian with real systemd and sshd, for Docker without a registry. Needs root.
# Prints the image's name; does nothing when it is there.
set -eu
here=$(dirname "$(readlink -f "$0")")
packages=openssh-server,ca-certificates,systemd,systemd-sysv,dbus,iproute2,procps,rsync,python3,sudo,nftables,zstd
image=chp-test-host:$( { cat "$0"; echo "$packages"; } | sha256sum | cut -c1-12)

"$here/docker.sh" >&2
if ! docker image inspect "$image" >/dev/null 2>&1; then
  dir=$(mktemp -d /var/tmp/chp-test-host.XXXXXX)
  trap 'rm -rf "$dir"' EXIT
  echo "test host: debootstrap (about a minute, once)" >&2
  debootstrap --variant=minbase --include="$packages" bookworm "$dir" >"$dir.log" 2>&1 || { tail -n 20 "$dir.log" >&2; exit 1; }
  rm -f "$dir.log" "$dir"/etc/ssh/ssh_host_*
  chroot "$dir" useradd --create-home --shell /bin/bash ops
  chroot "$dir" useradd --create-home --shell /bin/bash nosudo
  echo 'ops ALL=(ALL) NOPASSWD: ALL' >"$dir/etc/sudoers.d/ops"
  # What a container can't have, or a test host need not wait for.
  chroot "$dir" systemctl mask systemd-networkd-wait-online.service systemd-udevd.service getty.target console-getty.service >/dev/null 2>&1
  cat >"$dir/etc/systemd/system/ssh-keys.service" <<'UNIT'
[Unit]
Before=ssh.service
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
[Install]
WantedBy=multi-user.target
UNIT
  chroot "$dir" systemctl enable ssh-keys.service >/dev/null 2>&1
  rm -rf "$dir"/var/cache/apt/archives/*.deb "$dir"/var/lib/apt/lists/*
  tar -C "$dir" -c . | docker import --change 'CMD ["/sbin/init"]' - "$image" >/dev/null
fi
echo "$image"
