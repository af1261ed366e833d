#!/usr/bin/env bash
# Runs a command for each appeal that an operator gets, with their contact and a sentence:
#
#     LEADBOARD_DB=desk.db notify.sh PLACE COMMAND [ARGUMENT...]
#
# The file PLACE holds the seq of the last event that was dealt with, so a restart goes on there.
set -euo pipefail
place=$1
shift

keep() {
    printf '%s\n' "$1" > "$place.new"
    mv -- "$place.new" "$place"
}

# The first time: from the present on, which is kept before anything can happen.
if [ ! -s "$place" ]; then
    last=$(leadboard follow --since start --once | tail -n 1 | jq .seq)
    keep "${last:-0}"
fi

# Names and ids hold no control characters, so one can stand between them.
leadboard follow --since "$(cat "$place")" --kind received --kind assigned --kind moved |
    jq --unbuffered -r '
        .data.appeal as $appeal | select($appeal.operator) |
        [(.seq | tostring), $appeal.operator.contact,
         "\($appeal.operator.name): appeal \($appeal.id) of \($appeal.external_id)"] |
        join("\u001f")' |
    while IFS=$'\x1f' read -r seq contact sentence; do
        until "$@" "$contact" "$sentence" < /dev/null; do
            sleep 5
        done
        keep "$seq"
    done
