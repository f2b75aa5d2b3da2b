#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The reference softwares that need no server: sqlite, files, kvm. Their dumps reach the fallbacks, which look into them.

load ../lib/common
load ../lib/software

@test "every exporter and importer tells its usage, and refuses what it does not know; so does what holds a service still" {
    for program in "$RS_STACK"/*/exporter "$RS_STACK"/*/importer "$RS_STACK"/*/hold; do
        run -0 --separate-stderr "$program" --help
        [[ $output == *"--backup"* || $output == *"--do hold|release"* ]] || fail "$program: $output"
        [[ $output != *"shellcheck"* && -z $stderr ]] || fail "$program: $output $stderr"
        for wrong in --nonsense --backup --do x; do
            run -64 --separate-stderr "$program" $wrong
            [ -z "$output" ] || fail "$program: $output"
            [ "${#stderr_lines[@]}" -eq 1 ] || fail "$program: $stderr"
        done
        run -64 "$program" --nonsense value
        run -64 "$program"
    done
    # What is to be in a directory that is not there is not put elsewhere.
    mkdir backup
    for program in files sqlite lamp; do
        extra=()
        [ "$program" != lamp ] || extra=(--socket "$PWD/socket")
        run -66 "$RS_STACK/$program/importer" --data nowhere/data --backup backup "${extra[@]}"
        [[ $output == *"nowhere: no such directory"* ]] || fail "$output"
    done
    run -66 "$RS_STACK/kvm/importer" --image nowhere/disk --backup backup
    [[ $output == *"nowhere: no such directory"* ]] || fail "$output"
}

# ---- a software of one's own ----

@test "own: the two files of rs-profile(5) are a resilient software, as they are printed there" {
    awk '/^\$ cat (notes|deployment)\.cfg/ { name = $3; next } /^\.Ed/ { name = "" } name { print > name }' "$BATS_TEST_DIRNAME/../../man/rs-profile.5"
    sed -i "s|= /tmp/here|= $PWD/here\nsupervisor = none|" deployment.cfg
    PATH=$BATS_TEST_DIRNAME/../../scripts:$PATH
    run -1 --separate-stderr rs-deploy apply --strict deployment.cfg
    [[ $stderr == *"1 network is too few"* ]] || fail "$stderr"
    software=notes leader=$PWD/here/notes/notes0 fallback=$PWD/here/notes/notes1 pbs=$PWD/here/notes/PBS-notes-1
    shellcheck "$leader/bin/notes-exporter" "$fallback/bin/notes-importer"
    # There is nothing yet: that is no dump.
    run -69 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *notes.txt*"notes-exporter: failed with status 1"*"failed with status 69 after 3 tries"* ]] || fail "$stderr"
    for round in 1 2; do
        echo "hello $round" >"$leader/srv/data/notes.txt"
        sqlite3 "$leader/srv/data/notes.db" 'CREATE TABLE IF NOT EXISTS n(t); INSERT INTO n VALUES (1)'
        exported
        proven "$round"
        cmp "$leader/srv/data/notes.txt" "$fallback/srv/data/notes.txt"
        [ "$(sqlite3 "$fallback/srv/data/notes.db" 'SELECT count(*) FROM n')" -eq "$round" ]
    done
    # Into another directory, to look at it.
    mkdir look
    "$leader/bin/notes-exporter" look
    [ "$(ls look | tr '\n' ' ')" = "notes.db notes.txt " ]
    run -0 --separate-stderr rs-deploy destroy deployment.cfg --yes notes
}

# own_given SECTION: notes.cfg, whose section [own] is that; deployed to `fleet`.
own_given() {
    printf '[buildout]\nextends = ../own/instance.cfg\n\n[own]\n%s\n' "$1" >notes.cfg
    echo '{}' >parameters
    run --separate-stderr "$python" -S "$lib/deploy.py" "$PWD/notes.cfg" fleet parameters
    software=own leader=$PWD/fleet/own0 fallback=$PWD/fleet/own1 pbs=$PWD/fleet/PBS-own-1
}

@test "own: commands are what the profile says; one that fails is a dump that fails, or one that is not loaded" {
    own_given 'exporter =
    if [ -e "$data/go" ]; then
        printf "%s\\n" "$$" '"'it\''s # \\{{ x }} {% y %}'"' >said
        cat <<END >here
          $(cat "$data/go")
    END
    fi
    false | true
    test -e said
    [ ! -e "$data/bad" ] || false
    echo end >>said
importer =
    cp said here "$data"
    [ "$(cat here)" != "      2" ]
    echo loaded >"$data/loaded"'
    [ "$status" -eq 0 ] || fail "$output" "$stderr"
    run -69 --separate-stderr "$leader/bin/exporter"
    echo 1 >"$leader/srv/data/go"
    exported
    proven 1
    [[ $(cat "$fallback/srv/data/said") == [0-9]*'it\s # \{{ x }} {% y %}'*end ]] || fail "$(cat "$fallback/srv/data/said")"
    [ "$(cat "$fallback/srv/data/here")" = "      1" ]
    touch "$leader/srv/data/bad"
    run -69 --separate-stderr "$leader/bin/exporter"
    rm "$leader/srv/data/bad"
    # It ends in the midst of a load.
    echo 2 >"$leader/srv/data/go"
    exported
    until_true grep -q 'failed with status 1; the dump before it is loaded again' "$pbs/var/log/equeue.log"
    [ "$(cat "$fallback/srv/data/here")" = "      1" ]
}

@test "own: what is missing or no name is told" {
    own_given 'exporter = true'
    [[ $status -ne 0 && $stderr == *"importer of [own] is missing: commands of the shell that load"* ]] || fail "$output $stderr"
    rm -rf fleet
    own_given 'importer = true'
    [[ $status -ne 0 && $stderr == *"exporter of [own] is missing"* ]] || fail "$output $stderr"
    rm -rf fleet
    own_given $'name = a b\nexporter = true\nimporter = true'
    [[ $status -ne 0 && $stderr == *"name of [own] is no name: 'a b'"* ]] || fail "$output $stderr"
}

# ---- sqlite ----

# Text of the database $1, which is looked at as its service would.
text_of() {
    sqlite3 -batch "$1" .dump
}

# same_databases: those of the fallback have what those of the leader have.
same_databases() {
    local database
    for database in a.db "sub/b?%23 'x\".db"; do
        text_of "$leader/srv/sqlite/$database" >want
        text_of "$fallback/srv/sqlite/$database" >got
        diff want got || fail "$database"
        [ -s want ]
    done
}

# filled: two databases of the leader, one in WAL mode, and other files.
filled() {
    deployed sqlite
    data=$leader/srv/sqlite
    mkdir "$data/sub" "$data/cache"
    sqlite3 "$data/a.db" 'PRAGMA journal_mode = wal; CREATE TABLE t(x, y); CREATE TABLE "q""uote d"(z);
        CREATE VIRTUAL TABLE words USING fts5(w); INSERT INTO words VALUES ("hello"), ("bye");
        WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
        INSERT INTO t SELECT i, hex(i * i) FROM n; INSERT INTO "q""uote d" VALUES (1)' >/dev/null
    sqlite3 "$data/sub/b?%23 'x\".db" 'CREATE TABLE p(i PRIMARY KEY); CREATE TABLE c(i REFERENCES p); INSERT INTO c VALUES (7)'
    echo text >"$data/other"
    ln -s other "$data/link"
    echo 1 >"$data/service.pid"
    echo x >"$data/cache/x"
    echo cache/ >"$leader/srv/exporter.exclude"
}

@test "sqlite: databases reach the fallback as they are at one moment; what is excluded there stays" {
    filled
    # Somebody has it open: what is committed is in the WAL only, what is not is in no dump.
    mkfifo hold
    sqlite3 -batch "$data/a.db" <hold >held & pids+=($!)
    exec 7>hold
    echo 'PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (-1, "committed"); BEGIN; INSERT INTO t VALUES (-2, "not"); SELECT "ready";' >&7
    until_true grep -q ready held
    [ -s "$data/a.db-wal" ]
    # On the fallback: a socket that somebody listens on, and a directory that is excluded.
    "$python" -S -c 'import os, socket, sys; os.chdir(sys.argv[1]); socket.socket(socket.AF_UNIX).bind("here.sock")' "$fallback/srv/sqlite"
    mkdir -m 751 "$fallback/srv/sqlite/cache"
    echo mine >"$fallback/srv/sqlite/cache/mine"
    echo gone >"$fallback/srv/sqlite/gone"
    socket=$(stat -c %i "$fallback/srv/sqlite/here.sock")
    exported
    proven 1
    same_databases
    [ "$(sqlite3 "$fallback/srv/sqlite/a.db" 'SELECT y FROM t WHERE x < 0')" = committed ]
    [ "$(sqlite3 "$fallback/srv/sqlite/a.db" 'PRAGMA journal_mode; SELECT count(*) FROM words("hello")')" = $'wal\n1' ]
    [ "$(cd "$fallback/srv/sqlite" && find . ! -name 'a.db-*' | sort | tr '\n' ' ')" = \
        ". ./a.db ./cache ./cache/mine ./here.sock ./link ./other ./sub ./sub/b?%23 'x\".db " ] || fail "$(ls -R "$fallback/srv/sqlite")"
    [ "$(stat -c %i "$fallback/srv/sqlite/here.sock")" = "$socket" ]
    [ "$(stat -c %a "$fallback/srv/sqlite/cache")" = 751 ]
    # What does not hold in the source is told, and is no fault of the dump.
    grep -q 'violated: 1' "$fallback/var/log/resilient.log"

    # Rows and a database go.
    echo 'COMMIT; DELETE FROM t WHERE x > 1000;' >&7
    exec 7>&-
    wait "${pids[-1]}"
    rm "$data/other"
    exported
    proven 2
    same_databases
    [ "$(sqlite3 "$fallback/srv/sqlite/a.db" 'SELECT count(*) FROM t')" = 1002 ]
    [ ! -e "$fallback/srv/sqlite/other" ]
    [ -e "$fallback/srv/sqlite/cache/mine" ]
    [ "$(ls -A "$fallback/srv" | tr '\n' ' ')" = ".sqlite.rs-import backup failover sqlite " ] || fail "$(ls -A "$fallback/srv")"
}

@test "sqlite: a dump that is not what was dumped is refused, and the state before goes on" {
    filled
    exported
    proven 1
    lister "$fallback/srv/sqlite" >before
    dump=$fallback/srv/backup/sqlite
    cp -a "$dump" good
    # Each of them is a tree that rs-import would take.
    for damage in 'sqlite3 "$dump/data/a.db" "DELETE FROM t WHERE x = 5"' \
        'sqlite3 "$dump/data/a.db" "UPDATE t SET y = 0 WHERE x = 5"' \
        'sqlite3 "$dump/data/a.db" "CREATE INDEX i ON t(x)"' \
        'dd if=/dev/zero of="$dump/data/a.db" bs=1 seek=40000 count=2000 conv=notrunc status=none' \
        'truncate -s 8192 "$dump/data/a.db"' \
        'rm "$dump/data/a.db"' 'echo text >"$dump/data/a.db"' 'echo other >"$dump/data/other"' 'rm -r "$dump/data"/*' \
        'sed -i "s/^t\t3000/t\t3001/" "$dump/counts"'; do
        rm -rf "$dump"
        cp -a good "$dump"
        eval "$damage"
        run --separate-stderr importer
        [ "$status" -eq 65 ] || fail "$damage: $status $stderr"
        [[ $stderr == *"sqlite-importer: "* ]] || fail "$damage: $stderr"
        same_as before "$fallback/srv/sqlite"
    done
    for part in counts sums exclude data; do
        rm -rf "$dump"
        cp -a good "$dump"
        rm -r "${dump:?}/$part"
        run -66 --separate-stderr importer
        same_as before "$fallback/srv/sqlite"
    done
    rm -rf "$dump"
    cp -a good "$dump"
    importer --transaction-id 17
    # A file of the fallback that was changed behind its times is found, and is put right.
    printf TEXT | dd of="$fallback/srv/sqlite/other" conv=notrunc status=none
    touch -r "$dump/data/other" "$fallback/srv/sqlite/other"
    importer
    [ "$(cat "$fallback/srv/sqlite/other")" = text ]
    # What one that was killed has kept is put back.
    mkdir "$fallback/srv/.sqlite.kept"
    echo 3 >"$fallback/srv/.sqlite.kept/lost.pid"
    importer
    [ "$(cat "$fallback/srv/sqlite/lost.pid")" = 3 ]
    [ ! -e "$fallback/srv/.sqlite.kept" ]
}

@test "sqlite: an exporter that fails tells nobody, and the dump before stays" {
    filled
    exported
    proven 1
    cp -a "$leader/srv/backup/sqlite" before
    sqlite3 "$data/sub/bad.db" 'CREATE TABLE t(x); WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT hex(i * i) FROM n'
    dd if=/dev/zero of="$data/sub/bad.db" bs=1 seek=12388 count=2000 conv=notrunc status=none
    run -65 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"bad.db: the database is damaged"* ]] || fail "$stderr"
    diff -r --no-dereference before "$leader/srv/backup/sqlite"
    # Not a page of it can be read.
    truncate -s 100 "$data/sub/bad.db"
    run ! --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"bad.db: "* ]] || fail "$stderr"
    diff -r --no-dereference before "$leader/srv/backup/sqlite"
    # Nothing to dump, where there was something: a mistake, and not an empty dump.
    mv "$data" aside
    mkdir "$data"
    run -65 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"nothing to dump"* ]] || fail "$stderr"
    settled 1
    diff -r --no-dereference before "$leader/srv/backup/sqlite"
    run -66 --separate-stderr "$RS_STACK/sqlite/exporter" --data missing --backup .
    [[ $stderr == "sqlite-exporter: missing: "* ]]
}

@test "sqlite: a database that is written while it is dumped is dumped as it is between two transactions" {
    # Two accounts whose sum is always 0. In both kinds of journal.
    for mode in wal delete; do
        mkdir "$mode" "$mode.dump"
        sqlite3 "$mode/bank.db" "PRAGMA journal_mode = $mode; CREATE TABLE account(name, sum); CREATE TABLE ballast(x);
            INSERT INTO account VALUES ('a', 0), ('b', 0);
            WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO ballast SELECT randomblob(2000) FROM n" >/dev/null
        "$python" -S - "$mode/bank.db" <<'PY' & pids+=($!)
import sqlite3, sys, time
c = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
i = 0
while True:
    c.execute("BEGIN IMMEDIATE")
    c.execute("UPDATE account SET sum = sum + 1 WHERE name = 'a'")
    c.execute("UPDATE ballast SET x = randomblob(2000) WHERE rowid = ?", (1 + i % 2000,))
    c.execute("UPDATE account SET sum = sum - 1 WHERE name = 'b'")
    c.execute("COMMIT")
    i += 1
    time.sleep(0.004)  # a writer that never rests leaves no moment to anybody
PY
        moved() { [ "$(sqlite3 -cmd '.timeout 60000' "$mode/bank.db" 'SELECT max(sum) FROM account')" -gt 20 ]; }
        until_true moved
        timeout 60 "$RS_STACK/sqlite/exporter" --data "$mode" --backup "$mode.dump" --timeout 5 || fail "$mode"
        reap
        [ "$(sqlite3 "$mode.dump/data/bank.db" 'SELECT sum(sum), max(sum) > 20, count(*) FROM account')" = '0|1|2' ]
        grep -q $'^ballast\t2000' "$mode.dump/counts"
    done
}

@test "sqlite: held still, databases can be read and dumped, and not written, until they are released" {
    deployed sqlite
    local data=$leader/srv/sqlite held=$leader/var/run/sqlite.held
    mkdir -p "$data/in ner"
    sqlite3 "$data/a.db" 'PRAGMA journal_mode = wal; CREATE TABLE t(x); INSERT INTO t VALUES (1)' >/dev/null
    sqlite3 "$data/in ner/it's"$'\n'"b" 'CREATE TABLE t(x); INSERT INTO t VALUES (1)'
    echo text >"$data/text"
    databases=("$data/a.db" "$data/in ner/it's"$'\n'"b")
    can_write() {
        for database in "${databases[@]}"; do sqlite3 "$database" 'INSERT INTO t VALUES (2)' || return; done
    }
    # As through ssh: whoever waits for the end of its output is not kept waiting.
    for _ in 1 2; do
        run -0 "$leader/bin/hold" hold
        [ -z "$output" ] || fail "$output"
        for database in "${databases[@]}"; do
            [ "$(sqlite3 "$database" 'SELECT count(*) FROM t')" = 1 ]
            run ! sqlite3 "$database" 'INSERT INTO t VALUES (2)'
            [[ $output == *locked* ]]
        done
    done
    exported
    settled 1
    [ "$(sqlite3 "$fallback/srv/sqlite/a.db" 'SELECT count(*) FROM t')" = 1 ]
    run -0 "$leader/bin/hold" release
    until_true can_write
    [ "$(sqlite3 "${databases[1]}" 'SELECT count(*) FROM t WHERE x = 1')" = 1 ]
    run -0 "$leader/bin/hold" release
    # One that is being written cannot be held; then none is.
    printf 'BEGIN IMMEDIATE;\n.shell : >begun; read -r x <end\n' >script
    mkfifo end
    sqlite3 "${databases[1]}" <script & pids+=($!)
    until_true test -e begun
    run -69 "$RS_STACK/sqlite/hold" --data "$data" --held "$held" --timeout 1 --do hold
    [[ $output == *'cannot be held'*locked* ]] || fail "$output"
    [ ! -e "$held" ]
    echo >end
    wait "${pids[-1]}"
    until_true can_write
    # Nobody who holds is left.
    until_true eval '! pgrep -f "$data.*BEGIN IMMEDIATE" >/dev/null'
    run -64 "$leader/bin/hold" keep
    run -66 "$RS_STACK/sqlite/hold" --data "$data" --held nowhere/x --do hold
}

# ---- files ----

# Names that a shell, a list of lines or a profile would stumble over.
wild() {
    mkdir -p "$1/d i r" "$1/empty" "$1/cache"
    printf 1 >"$1/"$'new\nline'
    printf 2 >"$1/"$'return\r'
    printf 3 >"$1/"$'tab\t'
    # shellcheck disable=SC2016 # such is its name
    printf 4 >"$1/"'${buildout:directory} $(touch hacked) \ *'
    printf 5 >"$1/d i r/"$'\xff\xfe'
    printf 6 >"$1/-n"
    printf 7 >"$1/d i r/other.socket"
    ln "$1/-n" "$1/d i r/linked"
    ln -s 'nowhere at all' "$1/dangling"
    printf x >"$1/cache/x"
    truncate -s 3M "$1/holes"
    chmod 0750 "$1/-n"
    chmod 1777 "$1/empty"
}

@test "files: what a directory holds reaches the fallback, with any name; deletions, too, but nothing that is excluded" {
    deployed files
    data=$leader/srv/files there=$fallback/srv/files
    wild "$data"
    printf '/cache/***\n# a comment\n*.log\n' >"$leader/srv/exporter.exclude"
    echo mine >"$there/my.log"
    mkdir -p "$there/cache/deep"
    echo mine >"$there/cache/deep/x"
    echo gone >"$there/gone"
    until_true aged "$data"
    exported
    proven 1
    # As the leader's, without what is excluded, and with what is excluded on the fallback.
    same_but_excluded() {
        cp -a "$data" want && rm -rf want/cache want/*.log "want/d i r/other.socket"
        cp -a "$there" got && [ "$(cat got/my.log got/cache/deep/x)" = $'mine\nmine' ] && [ ! -e got/cache/x ]
        rm -r got/my.log got/cache
        touch -r "$data/d i r" 'want/d i r'
        touch -r want got
        same want got
        rm -rf want got
    }
    same_but_excluded
    [ "$(stat -c %b "$there/holes")" -lt 100 ]
    [ ! -e hacked ]

    # The second dump is links to what is there since the first one, but for what has changed.
    inode=$(stat -c %i "$leader/srv/backup/files/data/"$'new\nline')
    rm "$data/"$'return\r' "$data/dangling"
    mkdir "$data/dangling"
    printf 8 >"$data/-n"
    exported
    proven 2
    same_but_excluded
    [ "$(stat -c %i "$leader/srv/backup/files/data/"$'new\nline')" = "$inode" ]
    [ -d "$there/dangling" ]
    printf 'files\t7\n' | diff - <(grep ^files "$leader/srv/backup/files/counts")
}

@test "files: a dump that is not what was dumped is refused, and the state before goes on" {
    deployed files
    wild "$leader/srv/files"
    exported
    proven 1
    lister "$fallback/srv/files" >before
    dump=$fallback/srv/backup/files
    cp -a "$dump" good
    for damage in 'printf 9 >"$dump/data/-n"' 'rm "$dump/data/dangling"' 'rm -r "$dump/data"/*' 'echo >"$dump/data/more"' \
        'rmdir "$dump/data/empty"' 'truncate -s 4M "$dump/data/holes"' 'mv "$dump/data/-n" "$dump/data/n"' 'sed -i 1d "$dump/counts"'; do
        rm -rf "$dump"
        cp -a good "$dump"
        eval "$damage"
        run --separate-stderr importer
        [ "$status" -eq 65 ] || fail "$damage: $status $stderr"
        same_as before "$fallback/srv/files"
    done
    rm -rf "$dump"
    mkdir "$dump"
    run -66 importer
    same_as before "$fallback/srv/files"
}

@test "files: what vanishes while it is dumped is none of it; what changes all the time is told, or dumped as it comes" {
    deployed files
    data=$leader/srv/files
    for i in {1..300}; do echo "$i" >"$data/$i"; done
    mkdir "$data/tmp"
    "$python" -S - "$data/tmp" <<'PY' & pids+=($!)
import os, sys, time
os.chdir(sys.argv[1])
while os.path.isdir("."):
    for name in "abc":
        open(name, "w").close()
    time.sleep(0.3)  # a while in which nothing changes, so that a second look can end
    for name in "abc":
        os.unlink(name)
PY
    exported
    reap
    [ "$(find "$leader/srv/backup/files/data" -name '[0-9]*' | wc -l)" -eq 300 ]

    # A log that grows faster than it can be read.
    "$python" -S -c 'import sys
with open(sys.argv[1], "wb", 0) as f:
    f.truncate(30 << 20)
    while True: f.write(b"line\n")' "$data/log" & pids+=($!)
    until_true [ -s "$data/log" ]
    run -69 --separate-stderr "$leader/bin/files-exporter"
    [[ $stderr == *"log"*"--allow-changed"* ]] || fail "$stderr"
    rm -rf "${leader:?}/srv/backup/files"
    mkdir "$leader/srv/backup/files"
    "$leader/bin/files-exporter" --allow-changed yes
    [ -s "$leader/srv/backup/files/data/log" ]
    reap
    run -64 "$leader/bin/files-exporter" --allow-changed perhaps
}

@test "files: an exporter that fails tells nobody; programs of one's own decide, too" {
    deployed files
    echo 1 >"$leader/srv/files/file"
    run -65 --separate-stderr env leader="$leader" sh -c 'mv "$leader/srv/files/file" . && "$leader/bin/exporter"'
    [[ $stderr == *"nothing to dump"* ]] || fail "$stderr"
    mv file "$leader/srv/files"
    printf '#!/bin/sh\nexit 3\n' >"$leader/srv/.backup_identity_script"
    chmod +x "$leader/srv/.backup_identity_script"
    run -69 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"backup_identity_script: failed"* ]] || fail "$stderr"
    run ! generations 1

    # Of a key and its values only the key counts.
    printf '#!/bin/sh\nxargs -0 cut -c 1 --\n' | tee "$leader/srv/.backup_identity_script" >"$fallback/srv/.backup_identity_script"
    exported
    settled 1
    grep -q 'no such program' "$pbs/var/log/equeue.log"
    : >"$pbs/var/log/equeue.log"
    chmod +x "$fallback/srv/.backup_identity_script"
    printf '#!/bin/sh\ncat file >>../restored\n! grep -q bad file\n' >"$fallback/srv/runner-import-restore"
    chmod +x "$fallback/srv/runner-import-restore"
    echo 2 >"$leader/srv/files/file"
    exported
    proven 2
    [ "$(cat "$fallback/srv/restored")" = 2 ]
    # The program of the fallback does not like it.
    echo bad >"$leader/srv/files/file"
    exported
    settled 3
    grep -q 'runner-import-restore: failed' "$pbs/var/log/equeue.log"
    [ "$(cat "$fallback/srv/files/file")" = 2 ]
    # What the other one says is another thing.
    printf '#!/bin/sh\necho other\n' >"$fallback/srv/.backup_identity_script"
    run -65 --separate-stderr importer
    [[ $stderr == *"the state before is back"* ]] || fail "$stderr"
    [ "$(cat "$fallback/srv/files/file")" = 2 ]
}

# ---- kvm ----

# Two instances, and an image of 64 MiB in the format $1 on the leader.
imaged() {
    command -v qemu-img >/dev/null || skip "qemu-utils is not installed"
    deployed kvm
    image=$leader/srv/kvm/disk.qcow2 there=$fallback/srv/kvm/disk.qcow2
    qemu-img create -q -f "$1" "$image" 64M
    qemu-io -f "$1" -c 'write -P 7 1M 1M' -c 'write -P 8 40M 64k' "$image" >/dev/null
}

# same_image FORMAT: as a guest sees it, and as large on the disk as what is written.
same_image() {
    qemu-img compare -q -f "$1" -F "$1" "$image" "$there"
    [ "$(qemu-img info -f "$1" "$there" | grep -c '64 MiB (67108864 bytes)')" -eq 1 ]
    [ "$(qemu-img info -f "$1" --output=json "$there" | grep -c "\"format\": \"$1\"")" -ge 1 ]
    [ "$(stat -c %b "$there")" -lt 8000 ]
    [ "$(stat -c %b "$fallback/srv/backup/kvm/disk.raw")" -lt 8000 ]
}

@test "kvm: an image reaches the fallback in its format, with its holes; so do changes" {
    for format in qcow2 raw; do
        rm -rf fleet
        imaged "$format"
        exported
        proven 1
        same_image "$format"
        qemu-io -f "$format" -c 'write -P 9 20M 64k' -c 'write -z 1M 512k' "$image" >/dev/null
        exported
        proven 2
        same_image "$format"
        qemu-io -f "$format" -r -c 'read -P 9 20M 64k' -c 'read -P 0 1M 512k' -c 'read -P 8 40M 64k' "$there" >read
        run ! grep -q 'Pattern verification failed' read
        [ "$(ls -A "$fallback/srv/kvm")" = disk.qcow2 ]
    done
    # An image that is based on another one is dumped with all of it.
    rm -rf fleet
    imaged qcow2
    mv "$image" base
    qemu-img create -q -f qcow2 -b "$PWD/base" -F qcow2 "$image"
    qemu-io -f qcow2 -c 'write -P 3 0 64k' "$image" >/dev/null
    exported
    proven 1
    same_image qcow2
    run ! grep -q backing <(qemu-img info "$there")
}

@test "kvm: a guest that is running is noticed, on both sides, and nothing is told or replaced" {
    imaged qcow2
    exported
    proven 1
    before=$(sha256sum <"$there")
    # qemu-io takes the lock that a guest takes.
    hold() {
        mkfifo "hold.$1"
        qemu-io -f qcow2 "$2" <"hold.$1" >/dev/null & pids+=($!)
        eval "exec $3>hold.$1"
        held() { ! qemu-img info "$1" >/dev/null 2>&1; }
        until_true held "$2"
    }
    hold leader "$image" 7
    run -75 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"a guest is running on it; shut it down"* ]] || fail "$stderr"
    exec 7>&-
    wait "${pids[-1]}"
    settled 1
    hold fallback "$there" 6
    run -75 --separate-stderr importer
    exec 6>&-
    wait "${pids[-1]}"
    [ "$(sha256sum <"$there")" = "$before" ]
    importer
}

@test "kvm: a damaged dump is refused, a damaged image is not dumped" {
    imaged qcow2
    exported
    proven 1
    before=$(sha256sum <"$there")
    dump=$fallback/srv/backup/kvm
    cp -a "$dump" good
    for damage in '65 printf x | dd of="$dump/disk.raw" bs=1 seek=2000000 conv=notrunc status=none' '65 truncate -s -65536 "$dump/disk.raw"' \
        '65 truncate -s 0 "$dump/disk.raw"' '65 echo vmdk >"$dump/format"' '66 rm "$dump/sum"' '66 rm "$dump/disk.raw"'; do
        rm -rf "$dump"
        cp -a good "$dump"
        eval "${damage#* }"
        run --separate-stderr importer
        [ "$status" -eq "${damage%% *}" ] || fail "$damage: $status $stderr"
        [ "$(sha256sum <"$there")" = "$before" ]
        [ "$(ls -A "$fallback/srv/kvm")" = disk.qcow2 ]
    done
    cp -a "$leader/srv/backup/kvm" before
    # The table of the first level leads beyond the end of the image.
    printf '\200\0\0\0\377\377\0\0' | dd of="$image" bs=1 seek="$((0x30000))" conv=notrunc status=none
    run -65 --separate-stderr "$leader/bin/exporter"
    [[ $stderr == *"the image is damaged"* ]] || fail "$stderr"
    rm "$image"
    run -66 --separate-stderr "$leader/bin/exporter"
    diff -r before "$leader/srv/backup/kvm"
    settled 1
}
