#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Looks at an instance on this computer, and changes nothing.
#
#   look.sh DIR
#
# Prints what is there, a fact a line, a word in front; numbers and results of the tools are as they come, and facts.jq makes sense
# of them. What is looked at is in etc/watched; an instance without it has its disk, services and promises.
#
#   time SECONDS      of this computer's clock
#   disk KIB KIB      what the file system has, and what of it is free
#   watched LINE      of etc/watched
#   key PATH MODE UID UID     of a private key, and whose the instance is; nothing behind PATH: it is not there
#   lead WORD VALUE           of who leads: what srv/failover has of this instance
#   leader NAME SOURCE EPOCH  whom a backup server has been told to follow
#   health FEED JSON, row FEED JSON, spool COUNT OLDEST, queue JSON, store WORD KIB, list NAME JSON
#
# Exit status: 0; 66 there is no such directory.
set -eu
umask 077
# What an instance is asked must not hold the descriptors of who asks.
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- </dev/null
export LC_ALL=C
dir=$1 rows=120 generations=120
[ -d "$dir/etc" ] || exit 66

# Runs the words $2... for a minute at most, and prints each line of it behind the words $1.
# Returns 0: that something cannot be told is what the lack of it tells.
told() {
    _before=$1
    shift
    { timeout -k 5 60 "$@" </dev/null 2>/dev/null || :; } | awk -v before="$_before" '{ print before " " $0 }'
}

# The store $1: there, none (nothing was pulled yet), vanished, or damaged; its size; the newest generations of each name in it that
# is watched.
store() {
    if [ ! -e "$1/rs-store" ]; then
        if [ -e "$dir/var/store.made" ]; then echo 'store vanished 0'; else echo 'store none 0'; fi
        return
    fi
    _state=there
    timeout -k 5 60 rs-store --quiet list "$1" </dev/null >/dev/null 2>&1 || _state=damaged
    printf 'store %s %s\n' "$_state" "$(timeout -k 5 60 du -sk -- "$1" 2>/dev/null | cut -f 1)"
    awk '$1 == "run" && !seen[$5]++ { print $5 }' "$dir/etc/watched" | while IFS= read -r _name; do
        told "list $_name" rs-store --quiet list --json --name "$_name" "$1" | tail -n "$((generations + 1))"
    done
}

# What the directory $1 has of takeovers: of each file a line, of a few words that there are no more of.
failover() {
    for _word in epoch leads superseded handing-over; do
        [ ! -e "$1/$_word" ] || printf 'lead %s %s\n' "$_word" "$(head -c 20 -- "$1/$_word" | head -n 1)"
    done
    for _file in takeover held; do
        [ ! -e "$1/$_file" ] || head -c 1000 -- "$1/$_file" | awk -v file="$_file" '$1 ~ /^(step|epoch|generation|imported)$/ { print "lead", file "-" $1, $2 }'
    done
}

printf 'time %s\n' "$(date +%s)"
df -Pk -- "$dir" 2>/dev/null | awk 'NR == 2 { print "disk", $2, $4 }'
[ -e "$dir/etc/watched" ] || exit 0
# Whom a generation is pushed to is another one while that one leads.
head -c 1000000 -- "$dir/etc/watched" | awk -v run="$dir/var/run" '
    /^#/ { next }
    $1 == "proven" && NF >= 5 && (getline who <(run "/" $2 ".to")) > 0 { print "watched", $1, $2, $3, $4, who; next }
    { print "watched " $0 }'
head -c 1000000 -- "$dir/etc/watched" | awk '!/^#/' | while read -r word first rest; do
    path=$first${rest:+ $rest}
    [ "$word" != spool ] || path=$rest
    # What is no path could be an option.
    case $word:$path in key:/* | spool:/* | queue:/* | store:/* | failover:/* | run:*) ;; *) continue ;; esac
    case $word in
    key) printf 'key %s %s\n' "$path" "$([ ! -s "$path" ] || stat -c '%a %u' -- "$path" "$dir" 2>/dev/null | tr '\n' ' ')" ;;
    run)
        feed=$dir/etc/notifier/feeds/$first
        limit=${rest#* }
        told "health $first" rs-notify feed --check --json --max-age "${limit%% *}" "$feed"
        [ "${rest%% *}" != pull ] || [ ! -e "$dir/var/run/${rest##* }.leader" ] ||
            head -c 300 -- "$dir/var/run/${rest##* }.leader" | awk -v name="${rest##* }" 'NR == 1 { print "leader", name, $1, $2 }'
        [ ! -e "$feed" ] || told "row $first" rs-notify feed --json --brief --rows "$rows" "$feed"
        ;;
    spool)
        find "$path" -type f ! -name '.*' -printf '%T@\n' 2>/dev/null | sort -n |
            awk 'NR == 1 { oldest = $1 } END { print "spool", NR, int(oldest) }'
        ;;
    queue) told queue rs-notify queue --json "$path" ;;
    store) store "$path" ;;
    failover) failover "$path" ;;
    esac
done
