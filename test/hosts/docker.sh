#!/bin/sh
# Makes sure that a Docker engine answers: installs Debian's and starts it when there is none. Needs root for that.
set -eu
docker info >/dev/null 2>&1 && exit 0
[ "$(id -u)" = 0 ] || { echo 'no Docker engine answers, and starting one needs root' >&2; exit 1; }
missing=
for tool in dockerd debootstrap; do command -v "$tool" >/dev/null 2>&1 || missing=1; done
if [ -n "$missing" ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker.io debootstrap iptables >/dev/null
fi
log=${TMPDIR:-/tmp}/chp-test-dockerd.log
# In a session of its own: what ends a test's processes must not end it.
PATH=/usr/sbin:/sbin:$PATH setsid nohup dockerd >"$log" 2>&1 &
for _ in $(seq 60); do
  docker info >/dev/null 2>&1 && exit 0
  sleep 0.5
done
tail -n 5 "$log" >&2
exit 1
