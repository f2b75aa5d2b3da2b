#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# PostgreSQL servers of a leader and of a fallback: what one has reaches the other, or nothing changes there.

load ../lib/common
load ../lib/software

# on INSTANCE DATABASE ARGUMENTS...: psql on the server of an instance.
on() {
    PGDATABASE=$2 "${as[@]}" "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$PWD/fleet/$1/var/run/postgres" -U postgres "${@:3}"
}

# Two instances whose servers are running, as in a test's own directory.
running() {
    bin=/usr/lib/postgresql/15/bin
    [ -x "$bin/postgres" ] || skip "postgresql-15 is not installed"
    run_as postgres
    deployed postgres '{}' lapp
    for i in 0 1; do serve "postgres$i" postgres; done
    for i in 0 1; do
        until_true on "postgres$i" template1 -c 'SELECT 1' >/dev/null 2>&1
        # No power fails here.
        on "postgres$i" template1 -c 'ALTER SYSTEM SET fsync = off' -c 'SELECT pg_reload_conf()' >/dev/null
    done
}

# What is in a database, in the words of pg_dump, which are the same for the same content but for the order of rights.
text_of() {
    PGDATABASE=$2 "${as[@]}" "$bin/pg_dump" -h "$PWD/fleet/$1/var/run/postgres" -U postgres --create --inserts |
        sed '/^\\\(un\)\?restrict /d' | sort
}

# A role, two databases, and of all that a database may have.
filled() {
    on postgres0 postgres <<'SQL'
CREATE ROLE owner LOGIN PASSWORD 'secret';
CREATE ROLE "re ader" IN ROLE owner;
CREATE DATABASE wiki OWNER owner;
CREATE DATABASE "o=dd ""name" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
ALTER DATABASE wiki SET search_path = "$user", public;
ALTER DATABASE wiki SET work_mem = '8MB';
ALTER ROLE owner IN DATABASE wiki SET datestyle = 'German';
REVOKE CONNECT ON DATABASE wiki FROM PUBLIC;
GRANT CONNECT ON DATABASE wiki TO "re ader" WITH GRANT OPTION;
COMMENT ON DATABASE wiki IS 'it''s :"database"';
SQL
    on postgres0 wiki >/dev/null <<'SQL'
CREATE EXTENSION pgcrypto;
CREATE TABLE page(id serial PRIMARY KEY, title text NOT NULL UNIQUE, at timestamptz DEFAULT now(), data bytea, price float8, r text);
INSERT INTO page(title, data, price) SELECT 'page ' || i, sha256(i::text::bytea), i / 3.0 FROM generate_series(1, 5000) i;
CREATE TABLE comment(page int REFERENCES page ON DELETE CASCADE, words text) PARTITION BY HASH (page);
CREATE TABLE comment0 PARTITION OF comment FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE comment1 PARTITION OF comment FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO comment SELECT id, title || E'\t\\\n' FROM page;
CREATE TABLE nothing();
INSERT INTO nothing DEFAULT VALUES;
CREATE SCHEMA "s p";
CREATE TABLE "s p"."t""able"(r int);
INSERT INTO "s p"."t""able" VALUES (1), (NULL);
CREATE VIEW titles AS SELECT title FROM page;
CREATE MATERIALIZED VIEW old AS SELECT count(*) FROM page;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON page FOR EACH ROW EXECUTE FUNCTION f();
SELECT lo_from_bytea(0, 'large object');
ALTER TABLE page OWNER TO owner;
GRANT SELECT ON page TO "re ader";
SQL
    on postgres0 'o=dd "name' -c "CREATE TABLE t AS SELECT 'ü' AS x"
}

same_databases() {
    for database in wiki 'o=dd "name' postgres; do
        text_of postgres0 "$database" >want
        text_of postgres1 "$database" >got
        diff want got || fail "$database"
    done
    [ "$(on postgres1 template1 -c "SELECT count(*) FROM pg_database WHERE datname ~ '^rs-'")" = 0 ]
}

@test "lapp: databases, roles and settings reach the fallback; so do changes, and databases that go" {
    running
    filled
    on postgres1 postgres -c 'CREATE DATABASE strange'
    exported
    proven 1
    same_databases
    [ "$(on postgres1 wiki -c 'SELECT count(*), max(length(words)) FROM comment')" = '5000|12' ]
    [ "$(on postgres1 wiki -c "SELECT rolpassword = '$(on postgres0 wiki -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'owner'")' FROM pg_authid WHERE rolname = 'owner'")" = t ]
    [ "$(on postgres1 wiki -c "SELECT convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata")" = 'large object' ]
    [ "$(on postgres1 template1 -c "SELECT count(*) FROM pg_database WHERE datname = 'strange'")" = 0 ]
    # For nobody else, and with nothing that another program would have to undo.
    [ -z "$(find "$leader/srv/backup" ! -type l -perm /077)" ]
    grep -rq '^4711	page 4711	' "$leader/srv/backup/postgres"

    on postgres0 wiki -c 'DELETE FROM page WHERE id % 2 = 0' -c "UPDATE page SET r = 'x' WHERE id < 10"
    on postgres0 template1 -c 'DROP DATABASE "o=dd ""name"'
    # Who is connected to the old one does not hold it up.
    on postgres1 wiki -c 'SELECT pg_sleep(600)' >sleeper 2>&1 & pids+=($!)
    asleep() { [ "$(on postgres1 template1 -c "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")" = 1 ]; }
    until_true asleep
    exported
    proven 2
    [ "$(on postgres1 wiki -c "SELECT count(*) FROM page WHERE r = 'x' OR id > 9")" = 2500 ]
    [ "$(on postgres1 template1 -c "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE NOT datistemplate")" = 'postgres wiki' ]
}

@test "lapp: what is counted is of the moment of the dump, whatever is written meanwhile" {
    running
    on postgres0 postgres -c 'CREATE DATABASE bank'
    on postgres0 bank -c "CREATE TABLE a AS SELECT 0 AS sum" -c 'CREATE TABLE b AS SELECT 0 AS sum' -c 'CREATE TABLE log(x text)'
    yes "BEGIN; UPDATE a SET sum = sum + 1; INSERT INTO log VALUES ('x'); UPDATE b SET sum = sum - 1; COMMIT;" |
        on postgres0 bank -f - & pids+=($!)
    moved() { [ "$(on postgres0 bank -c 'SELECT count(*) FROM log')" -gt 50 ]; }
    until_true moved
    exported
    proven 1
    [ "$(on postgres1 bank -c 'SELECT a.sum + b.sum, a.sum = (SELECT count(*) FROM log), a.sum > 50 FROM a, b')" = '0|t|t' ]
    on postgres0 bank -c 'SELECT 1' >/dev/null
}

@test "lapp: a dump that is not what was dumped is refused, and the old databases go on" {
    running
    filled
    exported
    proven 1
    text_of postgres1 wiki >before
    dump=$fallback/srv/backup/postgres
    number=$(on postgres0 wiki -c 'SELECT oid FROM pg_database WHERE datname = current_database()')
    rows=$(grep -l '^1	page 1	' "$dump/$number/dump"/*.dat)
    "${as[@]}" cp -a "$dump" good
    for damage in '65 sed -i "s/^17\tpage 17\t/17\tpage xx\t/" "$rows"' '65 sed -i "/^17\tpage 17\t/d" "$rows"' \
        '65 rm "$rows"' '65 truncate -s -2000 "$dump/$number/dump/toc.dat"' \
        '65 sed -i "s/8MB/9MB/" "$dump/$number/properties.sql"; sed -i s/5000/5001/ "$dump/$number/counts"' \
        '65 rm -r "$dump"/[0-9]*' '66 rm -r "$dump"/*' '65 rm "$dump/$number/name"' '69 echo "nonsense;" >>"$dump/globals.sql"'; do
        rm -rf "$dump"
        "${as[@]}" cp -a good "$dump"
        eval "${damage#* }"
        run --separate-stderr importer
        [ "$status" -eq "${damage%% *}" ] || fail "$damage: $status $stderr"
        text_of postgres1 wiki | diff before - || fail "$damage"
        [ "$(on postgres1 template1 -c "SELECT count(*) FROM pg_database WHERE datname ~ '^rs-'")" = 0 ] || fail "$damage"
    done
    # One that was killed has left something.
    rm -rf "$dump"
    "${as[@]}" cp -a good "$dump"
    on postgres1 template1 -c "CREATE DATABASE \"rs-new-$number\"" -c 'CREATE DATABASE "rs-old-3"'
    importer --transaction-id 4
    same_databases
}

@test "lapp: an exporter that fails tells nobody: no server, a table that cannot be read" {
    running
    filled
    exported
    proven 1
    cp -a "$leader/srv/backup/postgres" before
    # Rows of a type whose words are computed, and now cannot be.
    on postgres0 wiki -c "CREATE FUNCTION bad() RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END'" \
        -c 'CREATE TABLE broken(x int) PARTITION BY LIST (x)' -c 'CREATE TABLE broken1 PARTITION OF broken FOR VALUES IN (1)' \
        -c 'INSERT INTO broken VALUES (1)'
    file=$leader/srv/postgresql/$(on postgres0 wiki -c "SELECT pg_relation_filepath('broken1')")
    on postgres0 wiki -c CHECKPOINT
    "${as[@]}" dd if=/dev/urandom of="$file" bs=1 seek=8000 count=100 conv=notrunc status=none
    kill -INT "$(head -n 1 "$leader/srv/postgresql/postmaster.pid")"
    wait "${pids[0]}" || :
    serve postgres0 postgres
    until_true on postgres0 template1 -c 'SELECT 1' >/dev/null 2>&1
    run -69 --separate-stderr "${as[@]}" "$leader/bin/exporter"
    [[ $stderr == *"wiki: the database cannot be dumped"* ]] || fail "$stderr"
    diff -r before "$leader/srv/backup/postgres"

    kill -INT "$(head -n 1 "$leader/srv/postgresql/postmaster.pid")"
    wait "${pids[-1]}" || :
    run -69 --separate-stderr "${as[@]}" "$leader/bin/exporter"
    [[ $stderr == *"no server answers"* ]] || fail "$stderr"
    diff -r before "$leader/srv/backup/postgres"
    settled 1
}

@test "lapp: handed over while a client writes, no row is lost; taken over after a loss, none but those since the last dump" {
    running
    local writer written acknowledged there
    on postgres0 postgres -c 'CREATE DATABASE wiki' -c 'CREATE ROLE owner'
    on postgres0 wiki -c 'CREATE TABLE row(n bigint PRIMARY KEY)'
    "${as[@]}" fleet/postgres0/bin/exporter
    until_true grep -q 'imported yes' fleet/postgres1/srv/failover/held
    # A client that writes numbers one by one, and notes those that the server has acknowledged.
    client() {
        local n=$2
        while on "$1" wiki -c "INSERT INTO row VALUES ($n)" >/dev/null 2>>client.err; do
            echo "$n" >>acknowledged
            n=$((n + 1))
        done
    }
    : >acknowledged
    client postgres0 1 & writer=$!
    pids+=("$writer")
    until_true eval '[ "$(wc -l <acknowledged)" -ge 5 ]'
    run -0 "${as[@]}" fleet/postgres1/bin/takeover --planned
    wait "$writer" || :
    echo "# $(tail -n 1 <<<"$output"); $(wc -l <acknowledged) rows" >&3
    grep -q 'read-only\|terminat\|closed' client.err || fail "$(cat client.err)"
    [ "$(on postgres1 wiki -c 'SELECT count(*), max(n) FROM row')" = "$(wc -l <acknowledged)|$(tail -n 1 acknowledged)" ]
    on postgres1 wiki -c 'INSERT INTO row VALUES (0)'
    until_true grep -qx 'kind import' fleet/postgres0/etc/failover
    until_true eval '! "${as[@]}" fleet/postgres1/bin/ask postgres0 alive'
    # The other way, by force: the leader is lost in the midst.
    "${as[@]}" fleet/postgres1/bin/exporter
    until_true grep -q 'imported yes' fleet/postgres0/srv/failover/held
    until_true eval '[ "$(on postgres0 wiki -c "SELECT count(*) FROM row WHERE n = 0")" = 1 ]'
    : >acknowledged
    client postgres1 1000000 & writer=$!
    pids+=("$writer")
    until_true eval '[ "$(wc -l <acknowledged)" -ge 5 ]'
    there=$(on postgres0 wiki -c 'SELECT count(*) FROM row')
    mv fleet/postgres1 fleet/postgres1.away
    run "${as[@]}" fleet/postgres0/bin/takeover
    [ "$status" -eq 0 ] || fail "$output"
    [ "$(on postgres0 wiki -c 'SELECT count(*) FROM row')" = "$there" ]
    on postgres0 wiki -c 'INSERT INTO row VALUES (-1)'
    mv fleet/postgres1.away fleet/postgres1
}

@test "root's server runs as another user, whom the administrator lets pass; a rehearsal lets him pass, too" {
    need_root
    bin=/usr/lib/postgresql/15/bin
    [ -x "$bin/postgres" ] || skip "postgresql-15 is not installed"
    local place=$BATS_TEST_TMPDIR i
    while [ "$place" != "${BATS_RUN_TMPDIR%/*}" ]; do
        chmod o+x "$place"
        place=${place%/*}
    done
    deployed postgres '{}' lapp
    run -73 fleet/postgres0/etc/service/postgres
    [[ $output == *"srv/postgresql: postgres cannot get there; let it pass each directory above (chmod o+x)"* ]] || fail "$output"
    chmod o+x fleet fleet/postgres? fleet/postgres?/{srv,var,var/run}
    # What was changed there stays.
    deployed postgres '{}' lapp
    mkdir -m 700 mine
    for i in 0 1; do
        (cd mine && exec "../fleet/postgres$i/etc/service/postgres") >"postgres$i.log" 2>&1 & pids+=($!)
    done
    for i in 0 1; do until_true eval "on postgres$i template1 -c 'SELECT 1' >/dev/null 2>&1"; done
    [ "$(stat -c %U fleet/postgres0/srv/postgresql/PG_VERSION)" = postgres ]
    on postgres0 postgres -c 'CREATE DATABASE wiki'
    fleet/postgres0/bin/exporter
    until_true grep -q 'imported yes' fleet/postgres1/srv/failover/held
    mkdir -m 711 place
    TMPDIR=$PWD/place run -0 fleet/postgres1/bin/takeover --rehearse
    [[ $output == *"the service is well"* ]] || fail "$output"
    [ -z "$(ls -A place)" ]
}
