#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-render schedule: what goes into a crontab, and when cron will run it (SEMANTICS.md 32-34, 36-39).

load ../lib/common

@test "a schedule is printed as the fields of a crontab" {
    [ "$(rs-render schedule daily)" = '0 0 * * *' ]
    [ "$(rs-render schedule 'Mon-Fri 4:30')" = '30 4 * * 1-5' ]
    [ "$(rs-render schedule '*/10 * * * *')" = '*/10 * * * *' ]
    [ "$(rs-render schedule '#12 1 * * *')" = '#12 1 * * *' ]
    [ "$(TZ=UTC rs-render schedule --next 2 --after 2026-11-20T12:00 4:30)" = "30 4 * * *
2026-11-21T04:30:00Z
2026-11-22T04:30:00Z" ]
    TZ=UTC rs-render schedule --json --next 1 --after 2026-11-20 Sun >json
    [ "$(json json fields)" = '0 0 * * 0' ]
    [ "$(json json next.0)" = 2026-11-22T00:00:00Z ]
    grep -q "\"disabled\":false" json
    [ "$(TZ=Europe/Berlin rs-render schedule --next 1 --after 2026-11-20 0:0 | tail -1)" = 2026-11-20T23:00:00Z ]
}

@test "a name has its own minute of the hour, always the same" {
    local fields
    fields=$(rs-render schedule --hourly wiki)
    [[ $fields =~ ^[0-9]+\ \*\ \*\ \*\ \*$ ]]
    [ "$(rs-render schedule --hourly wiki)" = "$fields" ]
    [ "$(for i in 1 2 3 4 5 6; do rs-render schedule --hourly "wiki$i"; done | sort -u | wc -l)" -gt 1 ]
}

@test "200 random lines run when crontab(5) says" {
    local times
    times=$("$python" -S "$lib/cron_times.py" 200 "${RS_SEED-1}")
    say "$times times compared"
    [ "$times" -gt 500 ]
}

@test "what cron cannot do, and wrong use, have their status" {
    local text
    for text in 7 test 08:05:40 2003-03-05 24:0 'Wed *-1' '* * * *' '61 * * * *' $'daily\nrm' ' '; do
        run -78 --separate-stderr rs-render schedule "$text"
        [ -z "$output" ]
        [[ $stderr == "rs-render: error: schedule '"*"rs-render: hint: "* ]]
    done
    run -64 rs-render
    run -64 rs-render schedule
    run -64 rs-render schedule daily --hourly x
    run -64 rs-render schedule --after never daily
    run -64 rs-render schedule --next 0 daily
}
