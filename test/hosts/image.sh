#!/bin/sh
# Makes the image of a test host: Debian with real systemd and sshd, for Docker without a registry. Needs root.
# Prints the image's name; does nothing when it is there. With `docker`: one that has Docker and Compose, too.
set -eu
# Two test files may want it at once.
[ "${CHP_IMAGE_LOCK:-}" ] || exec env CHP_IMAGE_LOCK=held flock -o "${TMPDIR:-/tmp}/chp-test-host.lock" "$0" "$@"
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
[ "${1:-}" = docker ] || { echo "$image"; exit 0; }

with_docker=$image-docker
if ! docker image inspect "$with_docker" >/dev/null 2>&1; then
  echo "test host: Docker and Compose (about a minute, once)" >&2
  # Nothing may be started there: it would be on this machine's network.
  made=$(docker run -d --network host "$image" sh -c '
    set -e
    printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io docker-compose iptables
    rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/* /var/cache/apt/archives/*.deb')
  trap 'docker rm -f "$made" >/dev/null' EXIT
  [ "$(docker wait "$made")" = 0 ] || { docker logs --tail 20 "$made" >&2; exit 1; }
  docker commit --change 'CMD ["/sbin/init"]' "$made" "$with_docker" >/dev/null
fi
echo "$with_docker"
