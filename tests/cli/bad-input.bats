#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What each tool does with input and arguments that it cannot take: the exit code of rs(7), one message on stderr that
# names the thing, nothing on stdout, and nothing changed.

load ../lib/common

# In ./here: a store s with n 1.1 and 1.2, an imported tree t, its source src, and things that are something else.
fixture() {
    mkdir here
    cd here || return
    mkdir -p src/d
    printf 'one\n' >src/d/f
    head -c 3000 /dev/urandom >src/g
    rs-store init --reserve 0 s
    pull s n src >/dev/null
    pull s n src >/dev/null
    rs-store check s >/dev/null
    push s n latest t
    rs-export src >dump
    rs-pull --store s --name n --have >have
    : >empty
    printf 'this is a text, long enough to be anything\n' >text
    head -c 3000 /dev/urandom >noise
    { head -c 7 dump && printf '\7' && tail -c +9 dump; } >dump.v7
    { head -c 7 have && printf '\7' && tail -c +9 have; } >have.v7
    head -c 5 dump >start
    mkdir directory
    printf x >directory/file
    cp -a s store.v2
    sed -i '1s/.*/rs-store 2/' store.v2/rs-store
    cp -a s store.bad
    printf 'something else\n' >store.bad/rs-store
    cp -a s store.cut
    printf 'rs-store 1\nid 00' >store.cut/rs-store
    tried=0
}

# All that is in the test's directory, but what reading changes.
state() {
    find . -printf '%p %y %m %U %G %s %T@ %i %l\n' | sort
}

# refuses CODE PATTERN STDIN COMMAND...: STDIN is a file, or - for nothing. PATTERN: an extended regular expression.
refuses() {
    local code=$1 pattern=$2 input=$3
    shift 3
    [ "$input" != - ] || input=/dev/null
    local before
    before=$(state)
    run --separate-stderr timeout 20 "$@" <"$input"
    [ "$status" -eq "$code" ] || fail "'$*' <$input: $status, not $code: $stderr"
    [ -z "$output" ] || fail "'$*' <$input: wrote '$output'"
    local tool=$1
    [ "$tool" != setpriv ] || tool=rs-.*
    grep -qE "^$tool: error: " <<<"$stderr" || fail "'$*' <$input: said '$stderr'"
    grep -qE -- "$pattern" <<<"$stderr" || fail "'$*' <$input: said '$stderr', not '$pattern'"
    [ "$(state)" = "$before" ] || fail "'$*' <$input: changed something:" "$before" "now:" "$(state)"
    tried=$((tried + 1))
}

# In front of a command: without any right.
nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

# ---- streams ----

@test "what is no dump is refused by rs-pull and rs-import" {
    fixture
    local command
    for command in "rs-pull --store s --name n" "rs-pull --store s --name new" "rs-import t" "rs-import new"; do
        # shellcheck disable=SC2086 # several words
        {
            refuses 65 'standard input: not a stream' text $command
            refuses 65 'standard input: not a stream' noise $command
            refuses 65 'standard input: empty, not a stream' empty $command
            refuses 65 'standard input: empty, not a stream' - $command
            refuses 65 'standard input: stream version 7, this program reads version 1' dump.v7 $command
            refuses 65 'standard input: stream version 7' have.v7 $command
            refuses 65 'standard input: a have stream, not a dump' have $command
            refuses 65 'standard input: truncated at byte 5' start $command
        }
    done
    [ "$tried" -eq 32 ]
}

@test "what is no have stream is refused by rs-export and rs-pull --emit" {
    fixture
    local command file
    for command in "rs-export --dry-run src" "rs-pull --store s --name n --emit latest"; do
        for file in -:text text:-; do
            # By name, and on standard input; messages name which.
            local by=${file%:*} input=${file#*:} what=text
            [ "$by" != - ] || what='standard input'
            # shellcheck disable=SC2086 # several words
            refuses 65 "$what: not a stream" "$input" $command "--have=$by"
        done
        # shellcheck disable=SC2086 # several words
        {
            refuses 65 'noise: not a stream' - $command --have noise
            refuses 65 'empty: empty, not a stream' - $command --have empty
            refuses 65 'standard input: empty' - $command --have=-
            refuses 65 'have.v7: stream version 7' - $command --have have.v7
            refuses 65 'dump: a dump, not a have stream' - $command --have dump
            refuses 65 'standard input: a dump, not a have stream' dump $command --have=-
            refuses 65 'start: truncated' - $command --have start
            refuses 66 'missing: cannot open' - $command --have missing
        }
    done
    [ "$tried" -eq 20 ]
}

@test "a broken line is seen by the last tool of the pipe, whatever the first one's status" {
    fixture
    run -65 --separate-stderr bash -c 'rs-export missing | rs-pull --store s --name new'
    [[ $stderr == *"missing: cannot open directory"*"standard input: empty, not a stream"* ]]
    run -65 --separate-stderr bash -c 'head -c 200 dump | rs-import new'
    [[ $stderr == *"truncated at byte 200"* ]]
    [ ! -e new ] && [ ! -e s/names/new ]
    # The reader is gone: the writer says nothing, its status is 74.
    run --separate-stderr bash -c 'rs-export src | true; exit "${PIPESTATUS[0]}"'
    [ "$status" -eq 0 ] || [ "$status" -eq 74 ] # what fits into the pipe may be written
    head -c 3M /dev/urandom >src/large
    run --separate-stderr bash -c 'rs-export src | true; exit "${PIPESTATUS[0]}"'
    [ "$status" -eq 74 ]
    [ -z "$stderr" ]
}

# ---- stores ----

@test "what is no store is refused by everything that takes one" {
    fixture
    local command place
    local -a commands=("rs-pull --store @ --name n" "rs-pull --store @ --name n --have" "rs-pull --store @ --name n --emit latest"
        "rs-store list @" "rs-store show @ n latest" "rs-store stats @" "rs-store prove @ n latest --instance i"
        "rs-store diff @ n 1.1 1.2" "rs-store cat @ n latest g" "rs-store check @" "rs-store repair @" "rs-store prune @ --keep-last 1"
        "rs-store copy @ s" "rs-store copy s @" "rs-store init --like @ new")
    for command in "${commands[@]}"; do
        # shellcheck disable=SC2086 # several words
        {
            place=directory && refuses 66 'directory: not a store' dump ${command/@/$place}
            place=missing && refuses 66 'missing: cannot open directory: No such file' dump ${command/@/$place}
            place=text && refuses 66 'text: cannot open directory: Not a directory' dump ${command/@/$place}
            place=store.v2 && refuses 65 'store.v2/rs-store: store version 2, this program reads version 1' dump ${command/@/$place}
            place=store.bad && refuses 65 'store.bad/rs-store: not the configuration of a store' dump ${command/@/$place}
            place=store.cut && refuses 65 'store.cut/rs-store: truncated' dump ${command/@/$place}
        }
    done
    [ "$tried" -eq 90 ]
}

@test "a pack, index or generation of a future version is refused, and named" {
    fixture
    local file
    for file in packs/0000000001.pack index/0000000001.idx names/n/1.1.gen; do
        cp -a s v
        printf '\7' | dd of="v/$file" bs=1 seek=7 conv=notrunc status=none
        run -65 --separate-stderr rs-store check --read-data v
        [[ $output == *"$(basename "$file" .gen)"* || $output == *"n 1.1"* ]] || fail "$file: $output"
        rm -r v
    done
    printf '\7' | dd of=s/names/n/1.1.gen bs=1 seek=7 conv=notrunc status=none
    refuses 65 'generation version 7, this program reads version 1' - rs-store show s n 1.1
    refuses 65 'generation version 7' - rs-pull --store s --name n --emit 1.1
}

@test "an unknown name or generation is 66, and the message says which there are" {
    fixture
    refuses 66 "s: has no name 'other'" - rs-pull --store s --name other --emit latest
    refuses 66 'it has n$' - rs-pull --store s --name other --emit latest
    refuses 66 "s: has no name 'other'" - rs-store list s --name other
    refuses 66 "s: has no name 'other'" - rs-store show s other latest
    refuses 66 "s: has no name 'other'" - rs-store diff s other 1.1 1.2
    refuses 66 "s: has no name 'other'" - rs-store cat s other latest g
    refuses 66 "s: has no name 'other'" - rs-store prove s other 1.1 --instance i
    refuses 66 "s: has no name 'other'" - rs-store prune s --name other
    rs-store init --reserve 0 empty-store
    refuses 66 "s: has no name 'other'" - rs-store copy s empty-store --name other
    refuses 66 "has no name 'n'" - rs-store show empty-store n latest
    local gen
    for gen in 1.9 2.1 branch/1.1 branch/1.9 2001-01-01 2001-01-01T10:00:30Z 9Y @0; do
        refuses 66 "n: no generation .*$gen" - rs-pull --store s --name n --emit "$gen"
        refuses 66 'there are 1.1 to 1.2' - rs-store show s n "$gen"
    done
    refuses 66 'n: no generation 1.9' - rs-store diff s n 1.1 1.9
    refuses 66 'n: no generation 1.9' - rs-store diff s n 1.9 1.1
    refuses 66 'n: no generation 1.9' - rs-store cat s n 1.9 g
    refuses 66 'n: no generation 1.9' - rs-store prove s n 1.9 --instance i
    refuses 66 'nowhere/: cannot open directory' - rs-store diff s n 1.1 nowhere/
    for gen in last 1 1. .1 1.2.3 0.1 1.0 01.1 1.01 -1.1 1.x '1.1 ' 3d W 2026-13-01 2026-02-30 99999999999999999999.1 1.99999999999999999999; do
        refuses 64 "'$gen.*': not a generation|--emit" - rs-pull --store s --name n "--emit=$gen"
        refuses 64 "'$gen.*': not a generation|not expected" - rs-store show s n "$gen"
    done
    [ "$tried" -eq 67 ]
}

@test "a name that cannot be one is 64" {
    fixture
    local name
    for name in .. . .hidden -dash a/b 'a b' $'a\nb' "$(printf 'n%.0s' {1..201})" 'ü' '*'; do
        refuses 64 'cannot be the name of a service|--name' dump rs-pull --store s "--name=$name"
        refuses 64 'cannot be the name of a service|--name' - rs-pull --store s "--name=$name" --emit latest
        refuses 64 'cannot be the name of a service|--name' - rs-pull --store s "--name=$name" --have
    done
    [ "$tried" -eq 30 ]
    refuses 64 'cannot be the name of a service' - rs-store show s ../n latest
    refuses 64 'cannot be the name of an instance' - rs-store prove s n 1.1 --instance ../x
    # All that may be in a name.
    rs-pull --store s --name 'aZ09._-@+:,' <dump
    rs-pull --store s --name "$(printf 'n%.0s' {1..200})" <dump
    rs-store check s
}

# ---- directories ----

@test "a missing source, or one that is no directory, is 66" {
    fixture
    mkfifo fifo
    ln -s missing dangling
    refuses 66 'missing: cannot open directory: No such file' - rs-export missing
    refuses 66 'text: cannot open directory: Not a directory' - rs-export text
    refuses 66 'fifo: cannot open directory: Not a directory' - rs-export fifo
    refuses 66 'dangling: cannot open directory' - rs-export dangling
    refuses 66 'missing: cannot open directory' - rs-export --dry-run missing
    refuses 64 'give a directory' - rs-export ''
    refuses 66 'missing: no such directory' - rs-import --check missing
    refuses 66 'directory: was not written by rs-import' - rs-import --check directory
    refuses 66 'missing: no such directory' - rs-import --signature missing
    refuses 66 'directory: was not written by rs-import' - rs-import --signature directory
    refuses 66 'missing: no such directory' - rs-import --proven missing
    [ "$tried" -eq 11 ]
}

@test "--rollback and --proven of what was never imported change nothing" {
    fixture
    refuses 66 'missing: no such directory' - rs-import --rollback missing
    refuses 66 'directory: was not written by rs-import' - rs-import --rollback directory
    refuses 66 'directory: ' - rs-import --proven directory
}

@test "a target that is no directory, or cannot be one, is refused with 73 or 64" {
    fixture
    mkfifo fifo
    ln -s t link
    local mode
    for mode in "" --have --check --proven --rollback --signature; do
        # shellcheck disable=SC2086 # no word or one
        {
            refuses 73 'text: is there and is not a directory' dump rs-import text $mode
            refuses 73 'fifo: is there and is not a directory' dump rs-import fifo $mode
            refuses 73 'link: is there and is not a directory' dump rs-import link $mode
            refuses 73 'missing/parent' dump rs-import missing/parent/t $mode
            refuses 73 'text' dump rs-import text/t $mode
            refuses 64 "'/': not a directory that can be replaced" dump rs-import / $mode
            refuses 64 "'t/..': not a directory that can be replaced" dump rs-import t/.. $mode
            refuses 64 "'.': not a directory that can be replaced" dump rs-import . $mode
            refuses 64 "'': not a directory that can be replaced|DIR" dump rs-import '' $mode
        }
    done
    refuses 73 'missing/s: cannot create directory: No such file' - rs-store init missing/s
    refuses 73 'text: ' - rs-store init text
    refuses 73 'directory: is not empty' - rs-store init directory
    refuses 73 's: is a store already' - rs-store init s
    refuses 73 'text/s: cannot create directory' - rs-store init text/s
    [ "$tried" -eq 59 ]
}

@test "a mount point is refused as a target, and what is inside it is not" {
    need_root
    fixture
    mount_tmpfs mounted 2m
    run -73 --separate-stderr rs-import mounted <dump
    [[ $stderr == *"mounted: is a mount point and cannot be exchanged"* ]]
    [ -z "$(ls -A mounted)" ]
    rs-import mounted/t <dump
    same src mounted/t
}

@test "a target that may not be written is refused, and names what could not be made" {
    need_root
    fixture
    chmod -R a+rX .
    chmod a+r s/lock
    refuses 73 'new: cannot create directory: Permission denied' - "${nobody[@]}" rs-store init new
    refuses 73 's/tmp/.*: cannot create directory: Permission denied' dump "${nobody[@]}" rs-pull --store s --name n
    refuses 73 '\.new\.rs-import: cannot create directory: Permission denied' dump "${nobody[@]}" rs-import new
    refuses 73 '\.t\.rs-import' dump "${nobody[@]}" rs-import t
    refuses 73 's/prune-lock: cannot open lock: Permission denied' - "${nobody[@]}" rs-store prune s --keep-last 1
    refuses 73 's/names/n/1.1.proof.i: cannot create|cannot' - "${nobody[@]}" rs-store prove s n 1.1 --instance i
    # What only reads goes on.
    "${nobody[@]}" rs-store list s
    "${nobody[@]}" rs-store check --read-data s
    "${nobody[@]}" rs-pull --store s --name n --emit latest >out
    "${nobody[@]}" rs-pull --store s --name n --have >out
    "${nobody[@]}" rs-import --check t
    "${nobody[@]}" rs-import --have t >out
    chmod 700 src s
    chmod 600 dump
    refuses 66 'src: cannot open directory: Permission denied' - "${nobody[@]}" rs-export src
    refuses 66 's: cannot open directory: Permission denied' - "${nobody[@]}" rs-store check s
    refuses 66 'have: cannot open: Permission denied' - bash -c 'chmod 600 have; exec setpriv --reuid=65534 --regid=65534 --clear-groups rs-export --have have directory' || :
    [ "$tried" -ge 8 ]
}

@test "a file that may not be read makes no dump" {
    need_root
    fixture
    chmod 755 src src/d
    chmod 600 src/d/f
    run -66 --separate-stderr bash -c 'setpriv --reuid=65534 --regid=65534 --clear-groups rs-export src >out'
    [[ $stderr == *"src/d/f: cannot open: Permission denied"* ]]
    refuses 65 'truncated|empty' out rs-import new
    chmod 700 src/d
    run -66 --separate-stderr bash -c 'setpriv --reuid=65534 --regid=65534 --clear-groups rs-export src >out'
    [[ $stderr == *"src/d: cannot open directory: Permission denied"* ]]
}

@test "a read-only file system: reading goes on, writing is refused" {
    need_root
    fixture
    mount_tmpfs ro 8m
    cp -a s t .t.rs-import ro
    mount -o remount,ro ro
    run -74 --separate-stderr rs-pull --store ro/s --name n <dump
    [[ $stderr == *"Read-only file system"* ]]
    run -74 --separate-stderr rs-import ro/new <dump
    [[ $stderr == *"Read-only file system"* ]]
    run -74 --separate-stderr rs-store init ro/s2
    rs-store check --read-data ro/s
    rs-store list ro/s
    rs-pull --store ro/s --name n --have >have2
    rs-pull --store ro/s --name n --emit latest | rs-import copy
    same t copy
}

# ---- arguments ----

@test "a wrong number is 64, of every option that takes one" {
    fixture
    local value
    for value in x -1 0 1.5 '1 ' 1x 99 99999999999999999999; do
        refuses 64 '--level' - rs-export "--level=$value" src
        refuses 64 '--level' - rs-pull --store s --name n --emit latest "--level=$value"
    done
    for value in x -1 0 1.5 257 1x 99999999999999999999; do
        refuses 64 '--threads' - rs-export "--threads=$value" src
        refuses 64 '--threads' - rs-pull --store s --name n --emit latest "--threads=$value"
    done
    for value in x -1 1.5 86401 1x 99999999999999999999; do refuses 64 '--wait' - rs-export "--wait=$value" src; done
    for value in x -1 0 100 1.5 1x; do refuses 64 '--shrink' dump rs-pull --store s --name n "--shrink=$value"; done
    for value in x -1 0 1.5 10Q K 1x 99999999999999999999 99999999999T; do
        refuses 64 '--limit' - rs-export "--limit=$value" src
        refuses 64 '--limit' - rs-pull --store s --name n --emit latest "--limit=$value"
    done
    for value in x -1 1.5 10Q K 99999999999999999999 99999999999T; do refuses 64 '--reserve' - rs-store init "--reserve=$value" new; done
    for value in x -1 1.5 10q s 99999999999999999999; do refuses 64 '--budget' - rs-store check "--budget=$value" s; done
    for value in x -1 1.5 0B B -3B 3b 2w W 2026-99-99 99999999999999999999B; do refuses 64 '--keep' - rs-store prune "--keep=$value" s; done
    local option
    for option in last hourly daily weekly monthly yearly; do
        for value in x 1.5 1x; do refuses 64 "--keep-$option" - rs-store prune "--keep-$option=$value" s; done
    done
    for value in x -1 0 1.5 1x; do refuses 64 '--floor' - rs-store prune "--floor=$value" s; done
    for value in x -1 1x; do refuses 64 '--seconds' - rs-store prove s n 1.1 --instance i "--seconds=$value"; done
    for value in x 1 1. .1 0.1 1.0 1.2.3 -1.1 01.1 ' 1.1' 99999999999999999999.1; do
        refuses 64 '--generation' - rs-export "--generation=$value" src
    done
    for value in x -1 0 1.5 1x; do refuses 64 '--epoch' - rs-export "--epoch=$value" src; done
    for value in x -1 0 1.5 1x; do refuses 64 'EPOCH' - rs-store fence s n "$value"; done
    [ "$tried" -eq 131 ]
    say "$tried wrong numbers refused"
}

@test "a negative or enormous number of generations is 64" {
    fixture
    local value option
    for value in -1 99999999999999999999; do
        for option in last hourly daily weekly monthly yearly; do refuses 64 "--keep-$option" - rs-store prune "--keep-$option=$value" s; done
    done
}

@test "seconds that are no number of seconds are 64" {
    fixture
    local value
    for value in nan inf -nan 1e999; do refuses 64 '--seconds' - rs-store prove s n 1.1 --instance i "--seconds=$value"; done
}

@test "an empty value for an option that wants one is 64" {
    fixture
    # What CLI11 says of it is not always to the point; but nothing is done.
    refuses 64 '' - rs-export --limit= src
    refuses 64 '' - rs-export --generation= src
    refuses 64 '' - rs-export --have= src
    refuses 64 '' - rs-store check --budget= s
    refuses 64 '' - rs-pull --store s --name n --emit=
    refuses 64 '' dump rs-pull --store s --name=
    refuses 64 '' - rs-store init --like= new
    refuses 64 '' - rs-store prune --keep-last= s
    [ "$tried" -eq 8 ]
}

@test "an unknown option, subcommand or argument too many is 64" {
    fixture
    local command
    for command in "rs-export src" "rs-pull --store s --name n" "rs-import t" "rs-store" "rs-store init new" "rs-store list s" "rs-store show s n 1.1" \
        "rs-store stats s" "rs-store prove s n 1.1 --instance i" "rs-store diff s n 1.1 1.2" "rs-store cat s n 1.1 g" "rs-store check s" \
        "rs-store repair s" "rs-store prune s" "rs-store copy s store.v2" "rs-store fence s n 2"; do
        # shellcheck disable=SC2086 # several words
        {
            refuses 64 '--frobnicate|frobnicate|subcommand' dump $command --frobnicate
            refuses 64 '-x|subcommand' dump $command -x
            refuses 64 'more|subcommand|not expected' dump $command more arguments
        }
    done
    refuses 64 'frobnicate' - rs-store frobnicate s
    [ "$tried" -eq 49 ]
}

@test "a missing argument or a missing value is 64" {
    fixture
    refuses 64 'directory' - rs-export
    refuses 64 'DIR' dump rs-import
    refuses 64 '--name|--store' dump rs-pull
    refuses 64 '--name' dump rs-pull --store s
    refuses 64 '--store' dump rs-pull --name n
    refuses 64 '--store' dump rs-pull --store
    refuses 64 '--emit' - rs-pull --store s --name n --emit
    refuses 64 'subcommand' - rs-store
    local sub
    for sub in init list show stats prove diff cat check repair prune copy fence; do refuses 64 'STORE' - rs-store "$sub"; done
    refuses 64 'NAME' - rs-store show s
    refuses 64 'GEN' - rs-store show s n
    refuses 64 'OTHER' - rs-store diff s n 1.1
    refuses 64 '--instance' - rs-store prove s n 1.1
    refuses 64 'TARGET' - rs-store copy s
    refuses 64 'NAME' - rs-store fence s
    refuses 64 'EPOCH' - rs-store fence s n
    local option
    for option in exec have exclude exclude-from generation epoch host instance limit level threads wait; do refuses 64 "--$option" - rs-export src "--$option"; done
    for option in keep keep-last keep-hourly floor name; do refuses 64 "--$option" - rs-store prune s "--$option"; done
    [ "$tried" -eq 44 ]
}

@test "options that exclude one another are 64" {
    fixture
    refuses 64 'exclude one another' - rs-import t --have --check
    refuses 64 'exclude one another' dump rs-import t --proven --rollback
    refuses 64 'exclude one another' - rs-import t --signature --have
    refuses 64 '--have with a file goes with --emit' - rs-pull --store s --name n --have have
    refuses 64 'exclude one another' - rs-export --epoch 1 --generation 1.1 src
    refuses 64 'a command without --exec' - rs-export src -- echo x
    refuses 64 'give a directory, or --exec' - rs-export --exec f src -- echo x
    refuses 64 'no command' - rs-export --exec f
    refuses 64 'give a PATH, or --format' - rs-store cat s n 1.1
    refuses 64 'give a PATH, or --format' - rs-store cat s n 1.1 g --format tar
    refuses 64 '--format' - rs-store cat s n 1.1 --format rar
    refuses 64 'are the same store' - rs-store copy s s
    refuses 64 'are the same store' - rs-store copy s ./s/
}

@test "RS_FAULT that cannot be read stops every tool with 64" {
    fixture
    local spec
    for spec in x any any:1 any:x:kill any:0:kill any:1:EFOO foo:1:kill any:1:kill:2 :::; do
        run -64 --separate-stderr env RS_FAULT="$spec" rs-import new <dump
        [[ $stderr == *"RS_FAULT: '$spec'"* ]]
        [ ! -e new ]
    done
}

# ---- help ----

@test "--help goes to stdout in 80 columns, --version names tool and number" {
    local command
    for command in rs-elect "rs-elect watch" "rs-elect bid" "rs-elect explain" "rs-elect observe" rs-export rs-pull rs-import rs-notify "rs-notify run" "rs-notify send" "rs-notify accept" "rs-notify work" "rs-notify queue" "rs-notify feed" rs-render "rs-render schedule" rs-slaparse rs-store "rs-store init" "rs-store list" "rs-store show" "rs-store stats" "rs-store prove" \
        "rs-store diff" "rs-store cat" "rs-store check" "rs-store repair" "rs-store prune" "rs-store copy" "rs-store fence"; do
        # shellcheck disable=SC2086 # one word or two
        run -0 --separate-stderr $command --help
        [ -z "$stderr" ] || fail "$command: $stderr"
        [ "${#lines[@]}" -ge 5 ]
        [[ $output == *"Usage: $command "* ]] || fail "$command: no usage: $output"
        [ "$(awk 'length > 80' <<<"$output")" = "" ] || fail "$command: too wide:" "$(awk 'length > 80' <<<"$output")"
        # shellcheck disable=SC2086 # one word or two
        run -0 --separate-stderr $command -h
    done
    for command in rs-elect rs-export rs-pull rs-import rs-notify rs-render rs-slaparse rs-store; do
        run -0 --separate-stderr $command --version
        [[ $output =~ ^$command\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
        [ -z "$stderr" ]
    done
    [ "$(for command in rs-elect rs-export rs-pull rs-import rs-notify rs-render rs-slaparse rs-store; do $command --version | cut -d' ' -f2; done | sort -u | wc -l)" -eq 1 ]
}

@test "a stream is not written to a terminal, nor read from one" {
    fixture
    local command
    for command in "rs-export src" "rs-pull --store s --name n --have" "rs-pull --store s --name n --emit latest" "rs-import --have t" \
        "rs-pull --store s --name n" "rs-import new"; do
        run "$python" -S -c 'import os, pty, sys
status = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 1024), lambda fd: b"")
sys.exit(os.waitstatus_to_exitcode(status))' $command </dev/null
        [ "$status" -eq 64 ] || fail "$command: $status: $output"
        [[ $output == *terminal* ]] || fail "$command: $output"
    done
    [ ! -e new ]
}

@test "-q says nothing but warnings and errors, -v says more" {
    fixture
    run -0 --separate-stderr rs-export -q --dry-run src
    run -0 --separate-stderr bash -c 'rs-export -q src | rs-import -q new'
    [ -z "$output" ] && [ -z "$stderr" ]
    run -0 --separate-stderr bash -c 'rs-export -v src | rs-import -v new'
    [ -z "$output" ]
    [[ $stderr == *"rs-export: 1.1: "*" sent"* && $stderr == *"rs-import: new: generation 1.1, "*" written"* ]]
    run -66 --separate-stderr rs-export -q missing
    [ -n "$stderr" ]
}
