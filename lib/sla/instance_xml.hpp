// SPDX-License-Identifier: Apache-2.0
// The parameters of an instance as XML:
//   <instance><parameter id="ID">VALUE</parameter>...</instance>
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rs::sla {

struct XmlParameter {
    std::string id, value; // UTF-8, whatever the document is written in; the value as it stands, blanks and all
    unsigned long line = 0;
};

// In document order. Everything else than that form is Error(Exit::config) with `name`, line and column: other
// elements, a DOCTYPE (of entities nothing is wanted, and they can be made to grow without end), an encoding that is
// not known, what XML does not allow.
[[nodiscard]] std::vector<XmlParameter> read_instance_xml(std::string_view text, std::string_view name);

} // namespace rs::sla
