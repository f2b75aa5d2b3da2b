// SPDX-License-Identifier: Apache-2.0
// rs-render(1): what profiles and templates say, as programs want it.
#include "rs-render.hpp"

using namespace rs;

int render_main(int argc, char** argv);

void render_tool::add_stack(CLI::App& sub, std::string& stack) {
    stack = RS_STACK_DIR;
    sub.add_option("--stack", stack, "where the profiles of the stack are")->type_name("DIR")->envname("RS_STACK");
}

int render_main(int argc, char** argv) {
    tool::Command command("rs-render",
                          "Render what profiles and templates say as programs want it.");
    CLI::App& app = command.app();
    app.require_subcommand(1);
    app.fallthrough(); // common options may stand behind the subcommand; set before those are made
    std::function<Exit()> chosen;
    render_tool::add_instance(command, chosen);
    render_tool::add_profile(command, chosen);
    render_tool::add_schedule(command, chosen);
    render_tool::add_template(command, chosen);
    return command.run(argc, argv, [&] { return chosen(); });
}
