-- SPDX-License-Identifier: Apache-2.0
-- Prints what is in a database, for psql: how many objects of each kind there are, and of each table its rows and a sum of their
-- hashes, which is the same in any order. What belongs to an extension, is computed from other rows, or lies elsewhere, is left
-- out; so are the values of sequences, which no snapshot holds.

-- All that the text of a row depends on. Names in it are as long as they can be.
SET bytea_output = hex;
SET datestyle = 'ISO, YMD';
SET extra_float_digits = 1;
SET intervalstyle = postgres;
SET lc_monetary = 'C';
SET search_path = pg_catalog;
SET timezone = 'UTC';
SET row_security = off;
SET statement_timeout = 0;
SET lock_timeout = 0;

\set ours 'nspname !~ ''^pg_'' AND nspname <> ''information_schema'''
\set whole 'NOT EXISTS (SELECT FROM pg_depend WHERE classid = \'pg_class\'::regclass AND objid = c.oid AND deptype = \'e\')'

SELECT 'relations', relkind, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE :ours AND :whole GROUP BY relkind ORDER BY relkind;
SELECT 'functions', count(*) FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE :ours;
SELECT 'constraints', contype, count(*) FROM pg_constraint JOIN pg_namespace n ON n.oid = connamespace
    WHERE :ours GROUP BY contype ORDER BY contype;
SELECT 'triggers', count(*) FROM pg_trigger WHERE NOT tgisinternal;
SELECT 'extensions', extname FROM pg_extension ORDER BY extname;
SELECT 'large objects', count(*), coalesce(sum(hashtextextended(oid || ' ' || md5(lo_get(oid)), 0)), 0) FROM pg_largeobject_metadata;

SELECT format('SELECT ''table'', %L, count(*), coalesce(sum(hashtextextended((r.*)::text, 0)), 0) FROM ONLY %I.%I AS r',
              nspname || '.' || relname, nspname, relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'r' AND :ours AND :whole
    ORDER BY nspname COLLATE "C", relname COLLATE "C" \gexec
