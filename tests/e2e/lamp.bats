#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# MariaDB servers of a leader and of a fallback: what one has reaches the other, or nothing changes there.

load ../lib/common
load ../lib/software

# client PROGRAM INSTANCE ARGUMENTS...: asks the server of an instance.
client() {
    "${as[@]}" "$1" --no-defaults --default-character-set=utf8mb4 --socket "$PWD/fleet/$2/var/run/mariadb/socket" \
        --user "$("${as[@]}" id -un)" "${@:3}"
}

# on INSTANCE DATABASE [STATEMENTS]: without them, those on standard input.
on() {
    client mariadb "$1" --batch --skip-column-names ${3+--execute "$3"} "$2"
}

# Two instances whose servers are running, as in a test's own directory.
running() {
    PATH=$PATH:/usr/sbin
    command -v mariadbd >/dev/null || skip "mariadb-server is not installed"
    run_as mysql
    deployed mariadb '{}' lamp
    for i in 0 1; do
        # No power fails here.
        printf '[server]\ninnodb-flush-log-at-trx-commit = 0\ninnodb-buffer-pool-size = 16M\ninnodb-log-file-size = 8M\n' |
            "${as[@]}" tee "fleet/mariadb$i/etc/mariadb.cnf" >/dev/null
        serve "mariadb$i" mariadb
    done
    for i in 0 1; do until_true on "mariadb$i" mysql 'SELECT 1' >/dev/null 2>&1; done
}

text_of() {
    client mariadb-dump "$1" --routines --events --triggers --skip-comments --skip-dump-date --order-by-primary --databases "${@:2}"
}

# Two databases, and of all that they may have; an account and a role.
filled() {
    on mariadb0 mysql <<'SQL'
CREATE DATABASE wiki;
CREATE DATABASE `o``dd na-me` CHARACTER SET latin1;
CREATE ROLE reader;
GRANT SELECT ON wiki.* TO reader;
CREATE USER 'app'@'localhost' IDENTIFIED BY 'secret';
GRANT reader TO 'app'@'localhost';
GRANT ALL ON wiki.* TO 'app'@'localhost';
USE wiki;
CREATE TABLE page(id int AUTO_INCREMENT PRIMARY KEY, title varchar(200) UNIQUE, body text, data blob, at timestamp);
INSERT INTO page(title, body, data) SELECT concat('page ', seq), concat('a\n(b;\n', seq, '\t'' 😀 \\'), unhex(md5(seq)) FROM seq_1_to_3000;
CREATE TABLE comment(page int, words text, FOREIGN KEY (page) REFERENCES page(id) ON DELETE CASCADE);
INSERT INTO comment SELECT id, title FROM page;
CREATE TABLE nothing(x int);
CREATE TABLE log(x text);
CREATE VIEW titles AS SELECT title FROM page;
CREATE TRIGGER noted BEFORE DELETE ON page FOR EACH ROW INSERT INTO log VALUES (OLD.title);
CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO DELETE FROM log;
DELIMITER |
CREATE PROCEDURE counted() BEGIN
INSERT INTO `nothing` VALUES
(1),
(2);
END|
DELIMITER ;
USE `o``dd na-me`;
CREATE TABLE `t``able`(x text);
INSERT INTO `t``able` VALUES ('ü'), (NULL);
SQL
}

same_databases() {
    text_of mariadb0 "$@" >want
    text_of mariadb1 "$@" >got
    diff want got
    grep -q '^CREATE TABLE' got
}

@test "lamp: databases and accounts reach the fallback, whose server goes on with them; so do changes" {
    running
    filled
    on mariadb1 mysql 'CREATE DATABASE strange'
    exported
    proven 1
    same_databases wiki 'o`dd na-me'
    [ "$(on mariadb1 wiki 'SELECT count(*), sum(length(body)) FROM page; SHOW DATABASES LIKE "strange"')" = "$(on mariadb0 wiki 'SELECT count(*), sum(length(body)) FROM page')" ]
    for i in 0 1; do on "mariadb$i" mysql "SHOW GRANTS FOR 'app'@'localhost'; SHOW GRANTS FOR reader" | sort >"grants$i"; done
    diff grants0 grants1
    grep -q 'GRANT `reader`' grants1
    # Nothing is left beside, and nobody else may read the dump.
    [ "$(find "$fallback/srv" -maxdepth 1 -name 'mariadb.??????' | wc -l)" -eq 1 ]
    [ -z "$(find "$leader/srv/backup" ! -type l -perm /077)" ]
    grep -qx $'`wiki`.`nothing`\t0' "$leader/srv/backup/mariadb/counts"
    grep -qx $'`o``dd na-me`.`t``able`\t2' "$leader/srv/backup/mariadb/counts"

    on mariadb0 wiki 'DELETE FROM page WHERE id % 2 = 0; UPDATE page SET title = "ß" WHERE id = 1; DROP DATABASE `o``dd na-me`; DROP TABLE nothing'
    exported
    proven 2
    same_databases wiki
    [ "$(on mariadb1 wiki 'SELECT count(*), (SELECT count(*) FROM log), (SELECT count(*) FROM comment) FROM page; SHOW DATABASES LIKE "o%"')" = $'1500\t1500\t1500' ]

    # On a fallback whose server is not running, the tables are there when it comes.
    client mariadb-admin mariadb1 shutdown
    wait "${pids[1]}" || :
    on mariadb0 wiki 'DELETE FROM page WHERE id > 10'
    exported
    proven 3
    serve mariadb1 mariadb
    until_true on mariadb1 wiki 'SELECT 1' >/dev/null 2>&1
    same_databases wiki
}

@test "lamp: what is dumped and counted is of one moment, whatever is written meanwhile" {
    running
    on mariadb0 mysql 'CREATE DATABASE bank; CREATE DATABASE other; CREATE TABLE bank.a AS SELECT 0 AS sum; CREATE TABLE other.b AS SELECT 0 AS sum; CREATE TABLE bank.log(x text)'
    yes 'BEGIN; UPDATE bank.a SET sum = sum + 1; INSERT INTO bank.log VALUES ("x"); UPDATE other.b SET sum = sum - 1; COMMIT;' |
        on mariadb0 mysql >/dev/null 2>&1 & pids+=($!)
    moved() { [ "$(on mariadb0 bank 'SELECT count(*) FROM log')" -gt 50 ]; }
    until_true moved
    exported
    proven 1
    [ "$(on mariadb1 bank 'SELECT a.sum + b.sum, a.sum = (SELECT count(*) FROM log), a.sum > 50 FROM a, other.b')" = $'0\t1\t1' ]
    before=$(on mariadb0 bank 'SELECT sum FROM a')
    further() { [ "$(on mariadb0 bank 'SELECT sum FROM a')" -gt "$before" ]; }
    until_true further
}

@test "lamp: a dump that is not what was dumped is refused, and the old tables go on" {
    running
    filled
    exported
    proven 1
    text_of mariadb1 wiki >before
    tables=$(readlink "$fallback/srv/mariadb")
    dump=$fallback/srv/backup/mariadb
    "${as[@]}" cp -a "$dump" good
    # What it has no row for in the counts, or another row; what it cannot read; what is no text that it writes itself.
    for damage in '65 sed -i "/^(17,/d" "$dump/databases.sql"' '65 sed -i "s/log.\t0$/log.\t9/" "$dump/counts"' \
        '65 truncate -s -3000 "$dump/databases.sql"' '65 echo "INSERT INTO page(title) VALUES (3);" >>"$dump/databases.sql"' \
        '65 echo "CREATE USER nonsense nonsense;" >>"$dump/accounts.sql"' '66 rm "$dump/counts"'; do
        rm -rf "$dump"
        "${as[@]}" cp -a good "$dump"
        eval "${damage#* }"
        run --separate-stderr importer
        [ "$status" -eq "${damage%% *}" ] || fail "$damage: $status $stderr"
        text_of mariadb1 wiki | diff before - || fail "$damage"
        [ "$(readlink "$fallback/srv/mariadb")" = "$tables" ]
        [ "$(find "$fallback/srv" -maxdepth 1 -name 'mariadb.??????' | wc -l)" -eq 1 ]
    done
    # A server that does not come back.
    rm -rf "$dump"
    "${as[@]}" cp -a good "$dump"
    echo 'nonsense = yes' >>"$fallback/etc/mariadb.cnf"
    run -69 --separate-stderr importer --wait 3
    [[ $stderr == *"no server can be started"* ]] || fail "$stderr"
    text_of mariadb1 wiki | diff before -
    sed -i /nonsense/d "$fallback/etc/mariadb.cnf"
    # One that was killed has left something.
    "${as[@]}" mkdir "$fallback/srv/mariadb.abcdef"
    importer --transaction-id 4
    same_databases wiki
    [ ! -e "$fallback/srv/mariadb.abcdef" ]
}

@test "lamp: an exporter that fails tells nobody: a view of what has gone, no server" {
    running
    filled
    exported
    proven 1
    cp -a "$leader/srv/backup/mariadb" before
    on mariadb0 wiki 'CREATE TABLE gone(x int); CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone'
    run -69 --separate-stderr "${as[@]}" "$leader/bin/exporter"
    [[ $stderr == *"cannot be dumped"* ]] || fail "$stderr"
    diff -r before "$leader/srv/backup/mariadb"
    on mariadb0 wiki 'DROP VIEW broken; CREATE TABLE plain(x int) ENGINE = MyISAM'
    # It is dumped all the same; the log, and the row, say what is to be known of it.
    run -0 --separate-stderr "${as[@]}" "$leader/bin/exporter"
    [ -z "$stderr" ] || fail "$stderr"
    grep -q 'wiki.plain: MyISAM has no transactions' "$leader/var/log/resilient.log"
    tail -n 1 "$leader/etc/notifier/feeds/exporter" | grep -q 'wiki.plain: MyISAM has no transactions'
    settled 2
    cp -a "$leader/srv/backup/mariadb" second
    client mariadb-admin mariadb0 shutdown
    run -69 --separate-stderr "${as[@]}" "$leader/bin/exporter"
    [[ $stderr == *"no server answers"* ]] || fail "$stderr"
    diff -r second "$leader/srv/backup/mariadb"
    settled 2
}

@test "lamp: handed over while a client writes, no row is lost" {
    running
    local writer written
    on mariadb0 mysql "CREATE DATABASE wiki; CREATE TABLE wiki.row(n bigint PRIMARY KEY); CREATE USER 'app'@'localhost' IDENTIFIED BY 'secret'; GRANT ALL ON wiki.* TO 'app'@'localhost'"
    app() {
        "${as[@]}" mariadb --no-defaults --socket "$PWD/fleet/$1/var/run/mariadb/socket" --user app --password=secret --batch --skip-column-names \
            --execute "$2" wiki
    }
    "${as[@]}" fleet/mariadb0/bin/exporter
    until_true grep -q 'imported yes' fleet/mariadb1/srv/failover/held
    client_of_rows() {
        local n=1
        while app mariadb0 "INSERT INTO row VALUES ($n)" >/dev/null 2>>client.err; do
            echo "$n" >>acknowledged
            n=$((n + 1))
        done
    }
    : >acknowledged
    client_of_rows & writer=$!
    pids+=("$writer")
    # One that has begun, and commits nothing, is in nobody's way.
    mkfifo open
    "${as[@]}" mariadb --no-defaults --socket "$PWD/fleet/mariadb0/var/run/mariadb/socket" --user app --password=secret wiki <open >/dev/null 2>&1 & pids+=($!)
    exec 5>open
    printf 'BEGIN; INSERT INTO row VALUES (-1);\n' >&5
    until_true eval '[ "$(wc -l <acknowledged)" -ge 5 ]'
    run -0 "${as[@]}" fleet/mariadb1/bin/takeover --planned
    exec 5>&-
    wait "$writer" || :
    echo "# $(tail -n 1 <<<"$output"); $(wc -l <acknowledged) rows" >&3
    grep -qi 'read-only\|lost connection\|gone away\|killed' client.err || fail "$(cat client.err)"
    [ "$(on mariadb1 wiki 'SELECT count(*), max(n) FROM row')" = "$(wc -l <acknowledged)"$'\t'"$(tail -n 1 acknowledged)" ]
    app mariadb1 'INSERT INTO row VALUES (0)'
    until_true grep -qx 'kind import' fleet/mariadb0/etc/failover
    # What was held is held no more by the time it loads dumps.
    "${as[@]}" fleet/mariadb1/bin/exporter
    until_true eval '[ "$(on mariadb0 wiki "SELECT count(*) FROM row WHERE n = 0" 2>/dev/null)" = 1 ]'
}
