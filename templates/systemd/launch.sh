#!/bin/sh
# Hands each credential to the service as a variable of the same name, for that process only, then becomes the service.
set -eu
umask 077
if [ -n "${CREDENTIALS_DIRECTORY:-}" ]; then
  for file in "$CREDENTIALS_DIRECTORY"/*; do
    [ -f "$file" ] || continue
    value=$(cat "$file")
    export "${file##*/}=$value"
  done
fi
exec "$@"
