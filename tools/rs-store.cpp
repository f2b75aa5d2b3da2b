// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"
#include "tool/command.hpp"
using namespace rs;
int store_main(int argc, char** argv);
int store_main(int argc, char** argv) {
    tool::Command command("rs-store", "Look into and look after a store.");
    std::string store;
    auto* const init = command.app().add_subcommand("init", "make a new store");
    init->add_option("STORE", store, "the store")->required();
    return command.run(argc, argv, [&] { store::Store::init(store, store::default_reserve_bytes); return Exit::ok; });
}
