// SPDX-License-Identifier: Apache-2.0
// parameters: what the instance was given, as options that templates take: `configuration` is the dict of the parameters,
// configuration.NAME each of them.
#include "base/text.hpp"
#include "instance/recipes.hpp"

namespace rs::instance {

void recipe_parameters(Part& part) {
    const Description& d = part.builder.description();
    part.set("configuration", option_value(d.current_parameters()));
    for (const auto& [name, value] : d.current_parameters().items()) part.set(cat("configuration.", name), option_value(value));
    part.set("slave-instance-list", option_value(d.shared));
    part.set("instance-title", d.name);
    part.set("slap-software-type", d.current_type());
    part.set("computer-id", d.computer);
    part.set("partition-id", d.partition.empty() ? d.name : d.partition);
    part.set("network", d.network);
}

} // namespace rs::instance
