# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# SQLite databases, by the command sqlite3. Behind common.sh.

# Runs sqlite3 on the database $1 with the statements and commands that follow; the first that fails ends it.
# Nobody's ~/.sqliterc is read.
sqlite() {
    command sqlite3 -batch -bail -init /dev/null "$@" </dev/null
}

# Gives up if there is no sqlite3.
# Returns 0.
need_sqlite() {
    command -v sqlite3 >/dev/null || give_up 69 "sqlite3: not found; install it"
}

# Succeeds if the file $1 is a database: by its first bytes, since its name may be any.
# A link is none: what it leads to is somewhere by its own name.
is_database() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ "$(head -c 16 -- "$1" 2>/dev/null | tr '\000' .)" = 'SQLite format 3.' ]
}

# Succeeds if the file $1 is what SQLite keeps beside a database while it is used.
# It belongs to a state of the database that the dump is not.
is_beside_database() {
    case $1 in
    *-wal | *-shm | *-journal) is_database "${1%-*}" ;;
    *) return 1 ;;
    esac
}
