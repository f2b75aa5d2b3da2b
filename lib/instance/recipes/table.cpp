// SPDX-License-Identifier: Apache-2.0
#include "base/closest.hpp"
#include "instance/recipes.hpp"

namespace rs::instance {

namespace {

struct Named {
    std::string_view name;
    Recipe recipe;
};

// Short names first; then those of the original, for the same thing.
constexpr Named table[] = {
    {"copy", recipe_copy},
    {"cron", recipe_cron},
    {"cron.d", recipe_cron_entry},
    {"free-port", recipe_free_port},
    {"jinja2", recipe_jinja2},
    {"mkdirectory", recipe_directories},
    {"nothing", recipe_nothing},
    {"notify", recipe_notify},
    {"parameters", recipe_parameters},
    {"password", recipe_password},
    {"promise", recipe_promise},
    {"publish", recipe_publish},
    {"pull-backup", recipe_pull_backup},
    {"request", recipe_request},
    {"request.optional", recipe_request_optional},
    {"schedule", recipe_schedule},
    {"ssh-client", recipe_ssh_client},
    {"ssh-key", recipe_ssh_key},
    {"ssh-server", recipe_ssh_server},
    {"switch-softwaretype", recipe_software_type},
    {"symlink", recipe_link},
    {"template", recipe_template},
    {"time", recipe_time},
    {"wrapper", recipe_wrapper},
    {"cns.recipe.symlink", recipe_link},
    {"collective.recipe.template", recipe_template},
    {"slapos.cookbook:cron", recipe_cron},
    {"slapos.cookbook:cron.d", recipe_cron_entry},
    {"slapos.cookbook:free_port", recipe_free_port},
    {"slapos.cookbook:generate.password", recipe_password},
    {"slapos.cookbook:mkdirectory", recipe_directories},
    {"slapos.cookbook:notifier.notify", recipe_notify},
    {"slapos.cookbook:publish", recipe_publish},
    {"slapos.cookbook:publish.serialised", recipe_publish},
    {"slapos.cookbook:random.time", recipe_time},
    {"slapos.cookbook:request", recipe_request},
    {"slapos.cookbook:request.serialised", recipe_request},
    {"slapos.cookbook:requestoptional", recipe_request_optional},
    {"slapos.cookbook:requestoptional.serialised", recipe_request_optional},
    {"slapos.cookbook:slapconfiguration", recipe_parameters},
    {"slapos.cookbook:slapconfiguration.serialised", recipe_parameters},
    {"slapos.cookbook:softwaretype", recipe_software_type},
    {"slapos.cookbook:switch-softwaretype", recipe_software_type},
    {"slapos.cookbook:wrapper", recipe_wrapper},
    {"slapos.recipe.build:download", recipe_copy},
    {"slapos.recipe.template", recipe_template},
    {"slapos.recipe.template:jinja2", recipe_jinja2},
};

} // namespace

Recipe find_recipe(std::string_view name) {
    for (const Named& n : table)
        if (n.name == name) return n.recipe;
    return nullptr;
}

std::string close_recipe(std::string_view name) {
    Closest closest(name);
    for (const Named& n : table) closest.consider(n.name);
    return closest.found();
}

} // namespace rs::instance
