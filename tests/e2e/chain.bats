#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The life of a backup on five machines: a leader, two backup servers, two fallbacks, each with a network of its own and an
# sshd; made by rs-deploy, with real servers, by a user who is not root.

load ../lib/common
load ../lib/deployment
load ../lib/hosts
load ../lib/software

# five SOFTWARE BASE [LINE...]: a deployment of that reference software on five machines, by the user postgres; `[parameters]`
# lines. Afterwards instance() and of() know where things are.
five() {
    base=$2
    run_as postgres
    chmod o+rx .
    hosts_up 5
    mkdir -m 777 cron.d
    {
        printf '[deployment]\nname = wiki\nprofile = %s/%s/instance.cfg\n\n[parameters]\nresilient-clone-number = 2\n' "$RS_STACK" "$1"
        printf '%s\n' "${@:3}" ''
        hosts_computers postgres
    } >wiki.cfg
    chmod o+x .hosts
    chmod o+r .hosts/authorized-*
    run --separate-stderr rs-deploy apply wiki.cfg
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
}

# The machine of an instance, and its directory.
machine() { jq -r --arg name "$1" '.[$name].computer' .wiki.rs-deploy/placements.json; }
instance() { printf '%s/%s/wiki/%s\n' "$PWD" "$(machine "$1")" "$(tr -cs A-Za-z0-9 - <<<"$1" | sed 's/-$//')"; }

# of INSTANCE CMD...: on its machine, by its user.
of() {
    local host
    host=$(machine "$1")
    (cd / && host_run "${host#host}" "${as[@]}" "${@:2}")
}

# cron_of I SCHEDULE: the system's cron on machine I, with this schedule and no other.
cron_of() {
    mkdir cron crontabs
    : >crond.pid
    install -m 644 "$2" cron/
    # shellcheck disable=SC2016 # for the inner shell
    (cd / && host_run "$1" unshare -m sh -c '
        mount --bind "$1/cron" /etc/cron.d && mount --bind "$1/crontabs" /var/spool/cron/crontabs &&
            mount --bind /dev/null /etc/crontab && touch /run/crond.pid && mount --bind "$1/crond.pid" /run/crond.pid &&
            exec cron -f' sh "$BATS_TEST_TMPDIR") & pids+=($!)
}

# proven_everywhere N: generation N is held by both backup servers, loaded by both fallbacks, and proven.
proven_everywhere() {
    local i store
    for i in 1 2; do
        store=$(instance "PBS ($base / $i)")/srv/backup/pbs
        rs-store show "$store" "wiki-root-$base-$i" "1.$1" 2>/dev/null | grep -q "^proven *on $base$i " || return 1
    done
}

# same_history ROUNDS: both servers restore the same trees, another one for each round.
same_history() {
    local i round
    for i in 1 2; do
        for ((round = 1; round <= $1; round++)); do
            restore "$(instance "PBS ($base / $i)")/srv/backup/pbs" "wiki-root-$base-$i" "1.$round" "g$i.$round"
        done
    done
    for ((round = 1; round <= $1; round++)); do same "g1.$round" "g2.$round"; done
    run ! diff -rq g1.1 g1.2
}

@test "PostgreSQL on five machines: three rounds, equal rows everywhere, each generation in the history, cron does the last" {
    five lapp postgres 'resiliency-backup-periodicity = * * * * *'
    local bin=/usr/lib/postgresql/15/bin round leading i
    sql() { of "$1" "$bin/psql" -XAtq -h "$(instance "$1")/var/run/postgres" "${@:2}"; }
    rows() { sql "$1" -d bank -c "select md5(string_agg(t::text, ',' order by aid)) from pgbench_accounts t" -c "select count(*), sum(delta) from pgbench_history" -c "select md5(string_agg(t::text, ',' order by tid)) from pgbench_tellers t"; }
    for i in postgres0 postgres1 postgres2; do until_true eval "sql $i -d template1 -c \"select 1\" >/dev/null 2>&1" || fail "$(tail -n 20 "$(instance "$i")/var/log/postgres.log")"; done
    sql postgres0 -d template1 -c 'create database bank'
    of postgres0 "$bin/pgbench" -q -i -s 1 -h "$(instance postgres0)/var/run/postgres" bank 2>/dev/null
    for round in 1 2 3; do
        of postgres0 "$bin/pgbench" -n -t 200 -h "$(instance postgres0)/var/run/postgres" bank >/dev/null 2>&1
        rows postgres0 >"want$round"
        if [ "$round" -lt 3 ]; then
            of postgres0 "$(instance postgres0)/bin/exporter"
        else
            # By itself: cron of the leader's machine reads what rs-deploy has written for it.
            leading=$(machine postgres0)
            cron_of "${leading#host}" cron.d/rs-wiki-postgres0
        fi
        until_true proven_everywhere "$round"
        for i in 1 2; do
            rows "postgres$i" >got
            diff "want$round" got || fail "round $round: postgres$i has other rows"
        done
    done
    same_history 3
    # Nobody has anything to complain of.
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ -z "$stderr" ]
    # Each key can do one thing: that of a backup server gets a dump of the leader, and no shell.
    local pbs url
    pbs='PBS (postgres / 1)'
    url=$(jq -r '.["resilient-ssh-url"]' "$(instance postgres0)/etc/published.json")
    url=${url#ssh://} url=${url%/}
    run of "$pbs" ssh -F "$(instance "$pbs")/etc/ssh/config" -p "${url##*:}" "${url%:*}" 'touch /tmp/hacked; id' </dev/null
    [ "$status" -ne 0 ]
    [[ $output != *uid=* ]]
}

@test "MariaDB on five machines: three rounds, equal rows everywhere, each generation in the history" {
    PATH=$PATH:/usr/sbin
    command -v mariadbd >/dev/null || skip "mariadb-server is not installed"
    five lamp mariadb 'resiliency-backup-periodicity = #'
    local round i
    sql() { of "$1" mariadb --no-defaults --default-character-set=utf8mb4 --socket "$(instance "$1")/var/run/mariadb/socket" --user "$("${as[@]}" id -un)" --batch --skip-column-names --execute "$2"; }
    # Each row of each table, and the tables that there are.
    rows() {
        sql "$1" 'SELECT table_name FROM information_schema.tables WHERE table_schema = "shop" ORDER BY 1;
            SET SESSION group_concat_max_len = 100000000;
            SELECT count(*), md5(group_concat(id, ":", name, ":", hex(data) ORDER BY id)) FROM shop.goods;
            SELECT count(*), md5(group_concat(good, ":", words ORDER BY good, words)) FROM shop.remarks'
    }
    for i in mariadb0 mariadb1 mariadb2; do until_true eval "sql $i 'SELECT 1' >/dev/null 2>&1" || fail "$(tail -n 20 "$(instance "$i")/var/log/mariadb.log")"; done
    sql mariadb0 'CREATE DATABASE shop; USE shop;
        CREATE TABLE goods(id int AUTO_INCREMENT PRIMARY KEY, name varchar(100), data blob);
        CREATE TABLE remarks(good int, words text, FOREIGN KEY (good) REFERENCES goods(id));
        INSERT INTO goods(name, data) SELECT concat("good ", seq, " ü"), unhex(md5(seq)) FROM seq_1_to_20000'
    for round in 1 2 3; do
        sql mariadb0 "USE shop; INSERT INTO remarks SELECT id, concat('$round ', md5(id)) FROM goods WHERE id % 7 = $round;
            UPDATE goods SET name = concat(name, ' $round') WHERE id % 100 = $round;
            DELETE FROM goods WHERE id = 20000 - $round AND id NOT IN (SELECT good FROM remarks);
            CREATE TABLE round$round(x int); DROP TABLE IF EXISTS round$((round - 1))"
        rows mariadb0 >"want$round"
        of mariadb0 "$(instance mariadb0)/bin/exporter"
        until_true proven_everywhere "$round"
        for i in 1 2; do
            rows "mariadb$i" >got
            diff "want$round" got || fail "round $round: mariadb$i has other rows"
        done
    done
    run ! cmp -s want1 want2
    same_history 3
    run -0 --separate-stderr rs-deploy apply wiki.cfg
    [ -z "$stderr" ]
}
