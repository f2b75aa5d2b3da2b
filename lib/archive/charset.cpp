// SPDX-License-Identifier: Apache-2.0
#include "archive/charset.hpp"

#include "base/error.hpp"

namespace rs::archive {

Charset::Charset(const char* locale) : locale_(::newlocale(LC_CTYPE_MASK, locale, nullptr)) {
    if (locale_ == nullptr) locale_ = ::newlocale(LC_CTYPE_MASK, "C", nullptr);
    if (locale_ == nullptr) fail_errno(Exit::io, locale, "use locale");
}

Charset::~Charset() { ::freelocale(locale_); }

} // namespace rs::archive
