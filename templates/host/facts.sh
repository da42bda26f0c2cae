# Facts of a host, as `key=value` lines. Runs before anything of chp's is there: POSIX sh, no other tools than coreutils.
# $1: the folder chp would keep everything in. $2: a tenant, whose folder can be seen without listing all.
# $3: the image of containers, where there are to be any.
set -u
root=$1
image=${3:-}
say() { printf '%s=%s\n' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }

say os "$(. /etc/os-release 2>/dev/null; echo "${PRETTY_NAME:-unknown}")"
say arch "$(uname -m)"
say kernel "$(uname -r)"
say glibc "$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2)"
say user "$(id -un)"
say uid "$(id -u)"
say home "$HOME"
say sshPort "$(set -- ${SSH_CONNECTION:-}; echo "${4:-22}")"
if [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; then say rootAccess yes; else say rootAccess no; fi
if [ -d /run/systemd/system ]; then say systemd "$(systemctl --version 2>/dev/null | head -n 1 | cut -d' ' -f2)"; else say systemd ''; fi
say epoch "$(date +%s)"
say cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)"
say memoryMb "$(awk '/^MemTotal:/ {print int($2/1024)}' /proc/meminfo 2>/dev/null)"
parent=$root
while [ ! -d "$parent" ] && [ "$parent" != / ]; do parent=$(dirname "$parent"); done
say diskFreeMb "$(df -Pm "$parent" 2>/dev/null | awk 'NR==2 {print $4}')"
# File systems without a table of inodes count none.
say inodesFree "$(df -Pi "$parent" 2>/dev/null | awk 'NR==2 && $2 > 0 {print $4}')"
options() {
  if has findmnt; then findmnt -nro OPTIONS -T "$1"; else awk '$2=="/" {print $4}' /proc/mounts | tail -n 1; fi
}
mounted() { options "$1" | grep -qE "(^|,)$2(,|$)"; }
# Units lie in /etc; what is read-only there is so for the system's own folder.
if mounted "$parent" ro || { [ "$root" = /var/lib/chp ] && mounted /etc ro; }; then say readOnly yes; else say readOnly no; fi
if mounted "$parent" noexec; then say noExec yes; else say noExec no; fi
# Hexadecimal, as the kernel has them.
say ports "$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4=="0A" {n=split($2,a,":"); print a[n]}' | sort -u | tr '\n' ' ')"
tools=
for tool in flock tar gzip setpriv useradd nft systemd-creds journalctl apt-get; do
  { has "$tool" || [ -x "/usr/sbin/$tool" ] || [ -x "/sbin/$tool" ]; } && tools="$tools $tool"
done
say tools "$tools"
run() { "$@" 2>/dev/null || { [ "$(id -u)" != 0 ] && sudo -n "$@" 2>/dev/null; }; }
if run test -d "$root/tenants"; then
  say hostFile "$(run cat "$root/agent/host.json" | tr -d '\n')"
  # Others are not whole yet.
  say nodeTrees "$([ -s "$root/agent/agent.mjs" ] && ls "$root/trees" 2>/dev/null | grep -E '^[0-9a-f]{64}$' | while read -r tree; do [ -x "$root/trees/$tree/bin/node" ] && echo "$tree"; done | tr '\n' ' ')"
  say tenantFile "$(run cat "$root/tenants/$2/tenant.json" | tr -d '\n')"
  say tenants "$( (run ls "$root/tenants"; [ -d "$root/tenants/$2" ] && echo "$2") 2>/dev/null | sort -u | tr '\n' ' ')"
fi
# As root where that is to be had: so the agent will ask.
rootly() { if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then sudo -n "$@"; else "$@"; fi; }
if [ -n "$image" ] && has docker; then
  if said=$(rootly docker version --format '{{.Server.Version}}' 2>&1); then say engine "$said"; else say engineFault "$(printf %s "$said" | tail -n 1)"; fi
  if rootly docker compose version >/dev/null 2>&1; then say compose 'docker compose'
  elif has docker-compose; then say compose docker-compose; fi
  rootly docker image inspect "$image" >/dev/null 2>&1 && say image yes
fi
:
