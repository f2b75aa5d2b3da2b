# SPDX-License-Identifier: Apache-2.0
# Nothing that comes from a computer is trusted: what rs-render answered is {exit, changes, published, requests, ...} and has the
# types that the rest counts on, or there is an error.
#   --arg name, slug, computer, directory    of the instance; --slurpfile given: what it was given
#   --arg software    the profile that it was rendered from: who asks for the same software says nothing of it
def must(condition; $what): if condition then . else error($what) end;
must(type == "object"; "not an object") |
must((.exit | type) == "number"; "no exit") |
must((.changes | type) == "array" and all(.changes[]; (.path | type) == "string" and (.what | type) == "string"); "changes") |
must((.published | type) == "object"; "published") |
must((.requests | type) == "array"; "requests") |
.requests[] |= (must((.name | type) == "string" and (.name | test("[\u0000-\u001f\u007f]") | not); "the name of a request") |
    must(.state == null or (.state | IN("started", "stopped", "destroyed")); "the state of a request") |
    must((.shared | type) == "boolean"; "shared") |
    must((.parameters | type) == "object" and (.placement | type) == "object"; "the parameters of a request") |
    must(all(.placement[]; type | IN("string", "number")); "the placement of a request") |
    must(."software-type" == null or (."software-type" | type) == "string"; "the type of a request") |
    .state //= "started" | if ."software-url" == $software then del(."software-url") else . end) |
{name: $name, slug: $slug, computer: $computer, directory: $directory, given: $given[0], exit, published, requests,
 changes: [.changes[].path | select(IN("etc/instance.json", "etc/published.json", "etc/requests.json") | not)]}
