-- SPDX-License-Identifier: Apache-2.0
-- Dumps a database and counts what is in it, both as it is at one moment: pg_dump reads in the snapshot of this transaction.
-- Environment: RS_TO, a directory; RS_JOBS. RS_TO/dumped is there only if pg_dump has ended with 0: psql does not tell.
SET idle_in_transaction_session_timeout = 0;
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv RS_SNAPSHOT :snapshot
\o :counts
\ir counts.sql
\o
\! pg_dump --format directory --compress 0 --jobs "$RS_JOBS" --snapshot "$RS_SNAPSHOT" --file "$RS_TO/dump" && : >"$RS_TO/dumped"
COMMIT;
