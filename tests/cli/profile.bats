#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# rs-render profile: the dialect of buildout (SEMANTICS.md 9.1), against zc.buildout itself; where values come from; the two
# files that the seeds give for a software of one's own.

load ../lib/common

# Debian's packages are for Debian's interpreter.
system_python=/usr/bin/python3

@test "a profile is shown with its bases, references and additions filled in: the parts and what they need" {
    mkdir -p lib
    cat >lib/base.cfg <<'END'
[buildout]
parts = directory
[directory]
recipe = mkdirectory
bin = ${buildout:directory}/bin
home = ${:_profile_base_location_}
[template]
mode = 0644
[unused]
x = ${nothing:here}
END
    cat >p.cfg <<'END'
[buildout]
extends = lib/base.cfg
parts += wrapper
# a comment
[wrapper]
<= template
recipe = wrapper
name = ${:_buildout_section_name_}
path = ${directory:bin}/${:name}
command-line =
    if true; then
      echo $${later}
    fi
END
    run -0 rs-render profile p.cfg
    [ "$output" = "[buildout]
directory = $PWD
bin-directory = $PWD/bin
parts-directory = $PWD/parts
eggs-directory = $PWD/eggs
develop-eggs-directory = $PWD/develop-eggs
parts = directory
    wrapper

[directory]
recipe = mkdirectory
bin = $PWD/bin
home = $PWD/lib

[wrapper]
mode = 0644
recipe = wrapper
name = wrapper
path = $PWD/bin/wrapper
command-line =
    if true; then
      echo \$\${later}
    fi" ]
    rs-render profile p.cfg >resolved.cfg
    [ "$(rs-render profile resolved.cfg | sha256sum)" = "$(sha256sum <resolved.cfg)" ] # reads its own output
    [ "$(rs-render profile p.cfg --get wrapper:path --get directory:home)" = "$PWD/bin/wrapper
$PWD/lib" ]
    [ "$(rs-render profile --section wrapper p.cfg | head -1)" = '[wrapper]' ]
    [ "$(rs-render profile p.cfg --set wrapper:name=w --set 'buildout:parts-=directory' --get wrapper:path --get buildout:parts)" = \
        "$PWD/bin/w
wrapper" ]
    rs-render profile p.cfg --json >json
    [ "$(json json sections.wrapper.path)" = "$PWD/bin/wrapper" ]
    [ "$(json json parts.0)" = directory ]
    [ "$(json json parts.1)" = wrapper ]
    run -78 rs-render profile p.cfg --all
    [[ $output == *"lib/base.cfg:10: [unused] x: \${nothing:here}: there is no section [nothing]"* ]]
    [ "$(rs-render profile p.cfg --raw | grep -c '^<\|^x = \${nothing')" -eq 2 ]
}

@test "--origin tells file and line of each value, and of each addition" {
    printf '[buildout]\nparts = a\n[a]\nrecipe = r\nx = 1\n' >base.cfg
    printf '[buildout]\nextends = base.cfg\nparts += b\n[a]\nx = 2\n[b]\nrecipe = s\n' >p.cfg
    run -0 rs-render profile p.cfg --origin
    [[ $output == *"# = $PWD/base.cfg:2
# += $PWD/p.cfg:3
parts = a
    b
"* ]]
    [[ $output == *"[a]
# = $PWD/base.cfg:4
recipe = r
# = $PWD/p.cfg:5
x = 2
"* ]]
    rs-render profile p.cfg --origin >annotated.cfg
    [ "$(rs-render profile annotated.cfg)" = "$(rs-render profile p.cfg)" ]
    rs-render profile p.cfg --origin --set a:x=3 --json >json
    [ "$(json json sections.a.x.value)" = 3 ]
    [ "$(json json sections.a.x.origin.0.file)" = '(an option of the command)' ]
    [ "$(json json sections.buildout.parts.origin.1.sign)" = += ]
    [ "$(json json sections.buildout.parts.origin.1.line)" = 3 ]
}

@test "the layouts of the seeds, import and export, resolve as they are printed there" {
    mkdir out
    cat >buildout.cfg <<'END'
[instance-mysoftware]
output = ${buildout:directory}/out/instance-mysoftware.cfg
[pbsready-export]
output = ${buildout:directory}/out/pbsready-export.cfg
[pbsready-import]
output = ${buildout:directory}/out/pbsready-import.cfg
END
    cat >out/instance-mysoftware.cfg <<'END'
[buildout]
parts = other
[other]
recipe = r
[mysoftware]
recipe = r
[slap-parameter]
namebase = postgres
END
    for kind in export import; do
        cat >out/pbsready-$kind.cfg <<'END'
[buildout]
parts += cron
[cron]
recipe = cron
[cron-entry-backup]
recipe = cron.d
command = ${exporter:wrapper}
[import-on-notification]
recipe = notify
callback = ${importer:wrapper}
[rootdirectory]
bin = /srv/i/bin
[directory]
backup = /srv/i/srv/backup/x
END
    done
    cat >export.cfg.in <<'END'
[buildout]
extends = ${instance-mysoftware:output}
          ${pbsready-export:output}

parts +=
    mysoftware
    cron-entry-backup

[exporter]
recipe = YourExportRecipe
wrapper = $${rootdirectory:bin}/$${slap-parameter:namebase}-exporter
backup-directory = $${directory:backup}
END
    cat >import.cfg.in <<'END'
[buildout]
extends = ${instance-mysoftware:output}
          ${pbsready-import:output}

parts +=
    mysoftware
    import-on-notification

[importer]
recipe = YourImportRecipe
wrapper = $${rootdirectory:bin}/$${slap-parameter:namebase}-importer
backup-directory = $${directory:backup}
END
    rs-render profile buildout.cfg --substitute export.cfg.in >export.cfg
    grep -qF "extends = $PWD/out/instance-mysoftware.cfg" export.cfg
    grep -qF "wrapper = \${rootdirectory:bin}/\${slap-parameter:namebase}-exporter" export.cfg
    rs-render profile export.cfg --json >json
    [ "$(json json sections.exporter.wrapper)" = /srv/i/bin/postgres-exporter ]
    [ "$(json json sections.exporter.backup-directory)" = /srv/i/srv/backup/x ]
    [ "$(rs-render profile export.cfg --get buildout:parts | xargs)" = 'other cron mysoftware cron-entry-backup' ]
    [ "$(rs-render profile export.cfg --get cron-entry-backup:command)" = /srv/i/bin/postgres-exporter ]
    rs-render profile buildout.cfg --substitute import.cfg.in >import.cfg
    [ "$(rs-render profile import.cfg --get import-on-notification:callback)" = /srv/i/bin/postgres-importer ]
    [ "$(rs-render profile import.cfg --get buildout:parts | xargs)" = 'other cron mysoftware import-on-notification' ]
}

@test "5,000 profiles made up at random come to what zc.buildout makes of them" {
    local count=${RS_PROFILES-5000}
    run -0 "$system_python" "$lib/profiles.py" "$count" "${RS_SEED-1}"
    say "$output"
    [[ $output =~ ^$count\ profiles:\ ([0-9]+)\ equal,\ [0-9]+\ refused\ by\ both,\ 0\ different$ ]]
    [ "${BASH_REMATCH[1]}" -gt $((count / 2)) ]
}

@test "files that are wrong are refused with file and line, and each kind has its status" {
    run -66 rs-render profile none.cfg
    printf '[buildout]\nextends = none.cfg\n' >p.cfg
    run -66 rs-render profile p.cfg
    [[ $output == *"$PWD/none.cfg: "*"(extended by $PWD/p.cfg)"* ]]
    printf '[buildout]\nextends = q.cfg\n' >p.cfg
    printf '[buildout]\nextends = sub/../p.cfg\n' >q.cfg
    mkdir sub
    run -78 rs-render profile p.cfg
    [[ $output == *"$PWD/p.cfg: extends itself"* ]]
    printf '[buildout]\nextends = https://example.com/x.cfg\n' >p.cfg
    run -78 rs-render profile p.cfg
    [[ $output == *"$PWD/p.cfg:2: https://example.com/x.cfg: nothing is fetched"* ]]
    printf '[a]\nx = 1\nwhat\n[b:python4]\n' >p.cfg
    run -78 rs-render profile p.cfg
    printf '[a]\nx = 1\nwhat\n' >p.cfg
    run -78 rs-render profile p.cfg
    [[ $output == *"$PWD/p.cfg:3: neither a [section] nor NAME = VALUE: what"* ]]
    printf '[a]\nx = 1\n[b:python4]\n' >p.cfg
    run -78 rs-render profile p.cfg
    [[ $output == *"$PWD/p.cfg:3: [b:python4]: "*python4* ]]
    printf '[a]\nx = 1\n' >p.cfg
    run -78 rs-render profile p.cfg --get a:y
    [[ $output == *'there is no option y in [a]'* ]]
    run -78 rs-render profile p.cfg --section b
    run -64 rs-render profile p.cfg --get a
    run -64 rs-render profile p.cfg --get a:x --all
    run -64 rs-render profile p.cfg --set a=1
    run -64 rs-render profile p.cfg --substitute p.cfg --raw
    run -64 rs-render profile
    # Two files that each extend the next one twice: 2^40 readings of the last.
    for i in $(seq 40); do printf '[buildout]\nextends = %s.cfg %s.cfg\n' $((i + 1)) $((i + 1)) >"$i.cfg"; done
    : >41.cfg
    run -78 rs-render profile 1.cfg
    [[ $output == *'more than 10000 files to extend'* ]]
}
