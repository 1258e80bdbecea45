#!/bin/sh
# Revokes the tokens of services that no longer use them: all that bear a service's name but the one in use. Safe to run again.
#   CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN  a server and the management token
#   NAMES                                services, separated by spaces; for each NAME_TOKEN, the one in use (dashes are underscores)
set -eu

for name in $NAMES; do
  variable=$(echo "$name" | sed 's/-/_/g')
  eval "token=\$${variable}_TOKEN"
  # Each answer is kept before it is read: a pipe would hide that there was none.
  own=$(CONSUL_HTTP_TOKEN=$token consul acl token read -self)
  all=$(consul acl token list)
  used=$(echo "$own" | sed -n 's/^AccessorID: *//p')
  [ -n "$used" ]
  echo "$all" | sed -n 's/^AccessorID: *//p;s/^Description: *//p' | while read -r found && read -r description; do
    if [ "$description" = "$name" ] && [ "$found" != "$used" ]; then
      consul acl token delete -accessor-id "$found" >/dev/null
      echo "$name: a former token is revoked"
    fi
  done
done
