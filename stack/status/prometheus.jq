# SPDX-License-Identifier: Apache-2.0
# The status in the text format of Prometheus, for the textfile collector of node_exporter. The label of an instance is rs_instance:
# Prometheus has a label instance of its own. What is not known has no sample.

def escaped: gsub("\\\\"; "\\\\") | gsub("\""; "\\\"") | gsub("\n"; "\\n");
def labels: [to_entries[] | select(.value != null) | "\(.key)=\"\(.value | tostring | escaped)\""] | if . == [] then "" else "{" + join(",") + "}" end;
def sample($labels; $value): select($value != null) | {labels: $labels, value: $value};
# Samples of one name stand together.
def metric($name; $help; samples): [samples] | if . == [] then empty else "# HELP \($name) \($help)", "# TYPE \($name) gauge", (unique_by(.labels)[] | "\($name)\(.labels | labels) \(.value)") end;
def truth: if . then 1 else 0 end;
def well($state): $state | IN("ok", "waiting", "kept", "up") | truth;

. as $all |
def each: $all.instances[];
def of: {rs_instance: .name, computer: .computer, kind: .kind};
def at: {rs_instance: .name, computer: .computer};
def runs: each | at as $l | .runs[] | . + {l: ($l + {feed, what, name})};
def proofs: each | at as $l | .proofs[] | . + {l: ($l + {name, proven_on: .instance})};
def names: each | at as $l | (.store // empty).names[] | . + {l: ($l + {name})};
metric("rs_status_timestamp_seconds"; "When the status was asked."; sample({deployment: .title}; .time)),
metric("rs_status_ok"; "Whether everything is well."; sample({deployment: .title}; .state == "ok" | truth)),
metric("rs_instance_ok"; "Whether all of an instance is well."; each | sample(of; .well | truth)),
metric("rs_instance_reachable"; "Whether its computer could be asked."; each | sample(of; .state != "unreachable" | truth)),
metric("rs_leads"; "Whether an instance leads its service."; each | select(.lead) | sample(at; .lead.does == "leads" | truth)),
metric("rs_epoch"; "The newest epoch that an instance knows of."; each | select(.lead) | sample(at; .lead.known_epoch)),
metric("rs_promise_kept"; "Whether a promise of an instance is kept."; each | at as $l | .promises[] | sample($l + {promise: .name}; well(.state))),
metric("rs_service_up"; "Whether a service of an instance runs."; each | at as $l | .services[] | sample($l + {service: .name}; well(.state))),
metric("rs_run_ok"; "Whether the last dump, pull, push or load went well and is not too old."; runs | sample(.l; well(.state))),
metric("rs_run_last_timestamp_seconds"; "When it ended."; runs | sample(.l; .time)),
metric("rs_run_last_success_timestamp_seconds"; "When the last one that went well ended."; runs | sample(.l; .last_good)),
metric("rs_run_limit_seconds"; "How old it may be; 0 is any age."; runs | sample(.l; .limit_seconds)),
metric("rs_run_duration_seconds"; "How long it took."; runs | sample(.l; .duration_seconds)),
metric("rs_run_exit_status"; "Its exit status."; runs | sample(.l; .exit)),
metric("rs_proof_ok"; "Whether the newest generation, or one that is not too old, was loaded by a fallback."; proofs | sample(.l; well(.state))),
metric("rs_proof_generation_timestamp_seconds"; "When the newest generation that is proven was dumped."; proofs | sample(.l; .of)),
metric("rs_proof_timestamp_seconds"; "When it was proven."; proofs | sample(.l; .time)),
metric("rs_proof_duration_seconds"; "How long its load took."; proofs | sample(.l; .duration_seconds)),
metric("rs_store_ok"; "Whether a store is there and can be read."; each | at as $l | .store // empty | sample($l; well(.state))),
metric("rs_store_size_bytes"; "What a store takes on its disk."; each | at as $l | .store // empty | sample($l; .bytes)),
metric("rs_generations"; "Generations that a store has of a name."; names | sample(.l; .generations)),
metric("rs_generation_timestamp_seconds"; "When the newest generation was dumped."; names | sample(.l; .newest.time)),
metric("rs_generation_size_bytes"; "Size of its tree."; names | sample(.l; .newest.bytes)),
metric("rs_generation_stored_bytes"; "What it added to the store."; names | sample(.l; .newest.stored_bytes)),
metric("rs_queue_waiting"; "What a backup server has still to do."; each | at as $l | .queue // empty | sample($l; .waiting)),
metric("rs_queue_given_up"; "What it has given up."; each | at as $l | .queue // empty | sample($l; .given_up)),
metric("rs_queue_oldest_timestamp_seconds"; "Since when the oldest of it waits."; each | at as $l | .queue // empty | sample($l; .oldest)),
metric("rs_spool_waiting"; "Backup servers that have still to be told of a dump."; each | at as $l | .spool // empty | sample($l; .waiting)),
metric("rs_spool_oldest_timestamp_seconds"; "Since when the first of them has not been told."; each | at as $l | .spool // empty | sample($l; .oldest)),
metric("rs_disk_size_bytes"; "Size of the file system of an instance."; each | at as $l | .disk // empty | sample($l; .bytes)),
metric("rs_disk_free_bytes"; "What of it is free."; each | at as $l | .disk // empty | sample($l; .free_bytes)),
metric("rs_disk_floor_bytes"; "What of it has to be free."; each | at as $l | .disk // empty | sample($l; .floor_bytes)),
metric("rs_keys_ok"; "Whether private keys are there, for their owner alone."; each | select(.keys != []) | sample(at; all(.keys[]; .state == "ok") | truth))
