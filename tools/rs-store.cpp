// SPDX-License-Identifier: Apache-2.0
// rs-store(1): look into and look after a store.
#include "rs-store.hpp"

using namespace rs;

int store_main(int argc, char** argv);

int store_main(int argc, char** argv) {
    tool::Command command("rs-store", "Look into and look after a store.");
    CLI::App& app = command.app();
    app.require_subcommand(1);
    app.fallthrough(); // common options may stand behind the subcommand; set before those are made
    std::function<Exit()> chosen;
    store_tool::add_basic(command, chosen);
    store_tool::add_content(command, chosen);
    store_tool::add_care(command, chosen);
    return command.run(argc, argv, [&] { return chosen(); });
}
