-- SPDX-License-Identifier: Apache-2.0
-- Prints the statements for psql that make an empty database, called :"database", with all that the present one has beside its
-- objects. pg_dump can tell this only together with the name.

-- Columns that not every version has are asked for by their names.
SELECT format('CREATE DATABASE :"database" TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L CONNECTION LIMIT %s%s;',
              pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datconnlimit,
              CASE WHEN j->>'datlocprovider' = 'i'
                   THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(j->>'daticulocale', j->>'datlocale')) ELSE '' END)
    FROM pg_database d, to_jsonb(d) j WHERE datname = current_database();

SELECT format('REVOKE ALL ON DATABASE :"database" FROM PUBLIC, %I;', pg_get_userbyid(datdba))
    FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL;
SELECT format('GRANT %s ON DATABASE :"database" TO %s%s;', privilege_type,
              CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
              CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_database, aclexplode(datacl) WHERE datname = current_database() ORDER BY 1;

-- The value of a setting that is a list of names is kept as it is written.
SELECT format('ALTER %s SET %I TO %s;',
              CASE setrole WHEN 0 THEN 'DATABASE :"database"'
                           ELSE format('ROLE %I IN DATABASE :"database"', pg_get_userbyid(setrole)) END,
              split_part(setting, '=', 1),
              CASE WHEN split_part(setting, '=', 1) IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
                   THEN substr(setting, strpos(setting, '=') + 1) ELSE quote_literal(substr(setting, strpos(setting, '=') + 1)) END)
    FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) AS setting
    WHERE datname = current_database() ORDER BY 1;

SELECT format('COMMENT ON DATABASE :"database" IS %L;', shobj_description(oid, 'pg_database'))
    FROM pg_database WHERE datname = current_database() AND shobj_description(oid, 'pg_database') IS NOT NULL;
