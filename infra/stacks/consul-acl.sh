#!/bin/sh
# Gives every service a token that may register that service and find those it calls, and nothing else. Safe to run again.
#   CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN  a server and the management token
#   NAMES                                policies, separated by spaces; for each NAME_RULES and NAME_TOKEN (dashes are underscores)
set -eu

# The first start takes a moment until a leader is chosen; the Job's deadline ends a wait that leads nowhere.
until consul acl policy list >/dev/null 2>/tmp/reason; do
  cat /tmp/reason
  sleep 2
done

for name in $NAMES; do
  variable=$(echo "$name" | sed 's/-/_/g')
  eval "rules=\$${variable}_RULES token=\$${variable}_TOKEN"
  # Made first and looked at afterwards: each call starts a large program, and the first time is the one people wait for.
  consul acl policy create -name "$name" -rules "$rules" >/dev/null 2>&1 ||
    consul acl policy update -no-merge -name "$name" -rules "$rules" >/dev/null
  consul acl token create -secret "$token" -policy-name "$name" -description "$name" >/dev/null 2>&1 ||
    CONSUL_HTTP_TOKEN=$token consul acl token read -self >/dev/null
  echo "$name has its token"
done
