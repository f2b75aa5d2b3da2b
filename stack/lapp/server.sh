# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A PostgreSQL server, as the exporter and the importer talk to it. Behind common.sh.
#
# Databases whose names begin with rs-new- and rs-old- are those of an import: of them nothing is dumped.
# Globals: those of common.sh.
# shellcheck disable=SC2154 # they are set there

# Says which server is meant, to all programs of it: socket directory or host $1, port $2, role $3, directory of programs $4.
# The words for the server are in the environment; a password would be in ~/.pgpass.
server_is() {
    export PGHOST="$1" PGPORT="$2" PGUSER="$3" PGAPPNAME=resilient PGCLIENTENCODING=UTF8 PGTZ=UTC PGOPTIONS='-c client_min_messages=warning'
    unset PGDATABASE PGSERVICE
    [ -x "$4/psql" ] || give_up 69 "$4/psql: not there; install postgresql-client-15, or correct --bin"
    PATH=$4:$PATH
    sql template1 -c 'SELECT 1' >/dev/null || give_up 69 "$1: no server answers; is it running, and may this user be $3?"
}

# Runs psql on the database $1; the rest are arguments. What it prints is text alone.
# By the environment, since a name in the arguments may be taken for a list of settings.
sql() {
    _database=$1
    shift
    PGDATABASE=$_database psql -X -q -A -t -F "$(printf '\t')" -v ON_ERROR_STOP=1 "$@"
}

# Prints the numbers of the databases that are dumped, one a line, in the order of their names.
databases() {
    sql template1 -c "SELECT oid FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname !~ '^rs-(new|old)-[0-9]+\$'
        ORDER BY datname COLLATE \"C\""
}

# Prints the name of the database number $1.
name_of() {
    sql template1 -c "SELECT datname FROM pg_database WHERE oid = $1"
}
