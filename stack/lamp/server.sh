# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A MariaDB server, as the programs here make, run and ask it. Behind common.sh.
#
# Its data is a link, NAME, to a directory beside it, NAME.XXXXXX: so that it is replaced in one step. In it are tables/ and tmp/:
# a server that starts removes temporary tables that it finds, also those of another one.
# Globals: those of common.sh; who (runs the server), as (words that run a command as he), config (an option file or nothing),
# defaults (one of the clients).
# shellcheck disable=SC2154 # they are set there
who=
as=
config=
defaults=

# Says who runs servers where root starts them: the user $1.
# Gives up if there is no such user.
run_as() {
    if [ "$(id -u)" -eq 0 ]; then
        _group=$(id -g -- "$1") || give_up 69 "--user: $1: no such user; install mariadb-server, or correct --user"
        as="setpriv --reuid $1 --regid $_group --init-groups"
        who=$1
    else
        who=$(id -un)
    fi
    command -v mariadbd >/dev/null || PATH=$PATH:/usr/sbin
    for _program in mariadbd mariadb mariadb-dump mariadb-install-db; do
        command -v "$_program" >/dev/null || give_up 69 "$_program: not found; install mariadb-server"
    done
}

# Runs the client $1 on the server at the socket $2; the rest are arguments. The user of the machine is one of the server, so
# there is no password, or it is in the option file $defaults, if that is set.
ask() {
    _program=$1 _socket=$2
    shift 2
    if [ -n "$defaults" ]; then
        set -- "--defaults-file=$defaults" --socket "$_socket" --default-character-set=utf8mb4 "$@"
    else
        set -- --no-defaults --socket "$_socket" --user "$(id -un)" --default-character-set=utf8mb4 "$@"
    fi
    "$_program" "$@"
}

# Prints the result of the statements $2 on the server at the socket $1, a line for each row, names as they are.
result() {
    ask mariadb "$1" --batch --skip-column-names --raw --execute "$2"
}

# Makes a directory of its own with a server's tables behind the link $1, and prints its name. Only who runs this, and root, may
# come in, without a password, through the socket.
make_tables() {
    _new=$(mktemp -d -- "$1.XXXXXX") || give_up 73 "$1: no directory can be made beside it"
    mkdir -- "$_new/tables" "$_new/tmp"
    [ -z "$as" ] || chown -- "$who" "$_new" "$_new/tables" "$_new/tmp"
    # shellcheck disable=SC2086 # words
    $as test -x "$_new" || give_up 73 "$_new: who runs the server cannot get there; let him pass each directory above (chmod o+x)"
    # shellcheck disable=SC2086
    $as env TMPDIR="$_new/tmp" mariadb-install-db --no-defaults "--datadir=$_new/tables" --auth-root-authentication-method=socket \
        "--auth-root-socket-user=$who" --skip-test-db --skip-name-resolve >"$work/install" 2>&1 || {
        tail -n 5 -- "$work/install" >&2
        give_up 73 "$_new: no tables can be made (see above)"
    }
    printf '%s\n' "$_new"
}

# Runs a server on the tables in the directory $1 in the foreground, which listens on the socket $2 alone; the rest are more options. It
# ends with who has started it.
# What the option file says has no effect on these.
server() {
    _data=$1 _socket=$2
    shift 2
    if [ -n "$config" ] && [ -e "$config" ]; then set -- "--defaults-file=$config" "$@"; else set -- --no-defaults "$@"; fi
    # shellcheck disable=SC2086
    exec ${as:-setpriv} --pdeathsig TERM -- mariadbd "$@" "--datadir=$_data/tables" "--tmpdir=$_data/tmp" "--socket=$_socket" "--pid-file=$_data/server.pid" \
        --skip-networking --character-set-server=utf8mb4
}

# Prints the dump of the databases of the server at the socket $1; the rest are their names. The same content is the same text.
dump_databases() {
    _at=$1
    shift
    ask mariadb-dump "$_at" --single-transaction --quick --routines --events --triggers --hex-blob --order-by-primary --tz-utc \
        --skip-dump-date --skip-comments --databases -- "$@"
}

# Prints the accounts and roles of the server at the socket $1. Those that every server has are passed over where they are.
dump_accounts() {
    ask mariadb-dump "$1" --system=users --insert-ignore --skip-dump-date --skip-comments
}

# Prints each table in the dump $1, and its rows: `DATABASE`.`TABLE`, a tab, a number.
# Each row is a line; what is in programs of the server is not looked at.
rows() {
    awk '
        /^DELIMITER ;;$/ { program = 1 }
        /^DELIMITER ;$/ { program = 0 }
        program { next }
        /^USE `.*`;$/ { database = substr($0, 5, length($0) - 5) }
        /^CREATE TABLE `/ {
            name = database "." substr($0, 14, length($0) - 15)
            if (!(name in number)) { order[++tables] = name; number[name] = 0 }
        }
        /^INSERT INTO `/ { inside = 1; next }
        inside && /^\(/ { number[name]++; if ($0 ~ /\);$/) inside = 0; next }
        { inside = 0 }
        END { for (i = 1; i <= tables; i++) printf "%s\t%d\n", order[i], number[order[i]] }' "$1"
}
