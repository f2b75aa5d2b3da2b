// SPDX-License-Identifier: Apache-2.0
// What the parts of a profile can be. rs-profile(5) has the options of each.
//
// A recipe runs once, when its part is looked at: it reads the options, may set others for those that refer to them, and
// says in the plan what the part consists of. It changes nothing on the disk.
#pragma once

#include <string_view>

#include "instance/builder.hpp"

namespace rs::instance {

using Recipe = void (*)(Part&);

// By its name or by the one that the original has for the same thing (slapos.cookbook:wrapper); nullptr if there is none.
[[nodiscard]] Recipe find_recipe(std::string_view name);
// For a hint; empty if no name is close.
[[nodiscard]] std::string close_recipe(std::string_view name);

void recipe_copy(Part& part);
void recipe_cron(Part& part);
void recipe_cron_entry(Part& part);
void recipe_schedule(Part& part);
void recipe_directories(Part& part);
void recipe_free_port(Part& part);
void recipe_jinja2(Part& part);
void recipe_link(Part& part);
void recipe_nothing(Part& part);
void recipe_notify(Part& part);
void recipe_parameters(Part& part);
void recipe_password(Part& part);
void recipe_promise(Part& part);
void recipe_publish(Part& part);
void recipe_pull_backup(Part& part);
void recipe_request(Part& part);
void recipe_request_optional(Part& part);
void recipe_software_type(Part& part);
void recipe_ssh_client(Part& part);
void recipe_ssh_key(Part& part);
void recipe_ssh_server(Part& part);
void recipe_template(Part& part);
void recipe_time(Part& part);
void recipe_wrapper(Part& part);
// An executable of the user's own: recipe = /path.
void recipe_program(Part& part);

} // namespace rs::instance
