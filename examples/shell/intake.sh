#!/usr/bin/env bash
# Hands in the files FOLDER/*.txt as appeals: the first line is the sender, the rest the message.
#
#     LEADBOARD_DB=desk.db intake.sh SOURCE FOLDER
#
# What is stored moves to FOLDER/done, what is refused to FOLDER/refused. A file's name is its key:
# handed in again after a failure, it is stored once. Write files under another name, then rename.
set -euo pipefail
source=$1
folder=$2
mkdir -p "$folder/done" "$folder/refused"
shopt -s nullglob
files=("$folder"/*.txt)
# The bash of macOS takes an empty list for a variable that is not set.
[ "${#files[@]}" -gt 0 ] || exit 0

lines() {
    for file in "${files[@]}"; do
        jq -cn --arg source "$source" --arg key "${file##*/}" --rawfile text "$file" '
            ($text | split("\n")) as [$sender] |
            {external_id: $sender, $source, $key,
             message: ($text | ltrimstr($sender) | ltrimstr("\n"))}'
    done
}

# There is one answer for each line, in their order, and only when it is stored for good.
lines | { leadboard feed || [ $? = 1 ]; } | jq --unbuffered -r '.error // ""' | {
    for file in "${files[@]}"; do
        IFS= read -r error
        if [ -z "$error" ]; then
            mv -- "$file" "$folder/done/"
        else
            echo "$file: $error" >&2
            mv -- "$file" "$folder/refused/"
        fi
    done
}
