#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Asks the promises of an instance, the executables in etc/promise.
#
#   promises.sh DIR    prints `kept NAME`, or `failing NAME: WHY`, for each; a minute is what each has
#
# Exit status: 0 if all are kept, 1 if one is not; 66 there is no such instance.
set -eu
umask 077
# What an instance is asked must not hold the descriptors of who asks.
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-

[ -d "$1/etc" ] || exit 66
status=0
for promise in "$1"/etc/promise/*; do
    if [ ! -f "$promise" ] || [ ! -x "$promise" ]; then continue; fi
    name=${promise##*/}
    code=0
    said=$(timeout -k 5 60 "$promise" 2>&1 </dev/null) || code=$?
    if [ "$code" -eq 0 ]; then
        printf 'kept %s\n' "$name"
    else
        status=1
        [ "$code" -ne 124 ] || said="no answer for a minute"
        printf 'failing %s: %s\n' "$name" "$(printf '%s' "${said:-exit $code}" | tail -n 1 | tr -d '\000-\037\177')"
    fi
done
exit "$status"
