// SPDX-License-Identifier: Apache-2.0
// The character set that libarchive takes names to be in, of this thread and for a while.
//
// libarchive asks the locale. Which one is right depends on the format, and never on the environment:
// see reader.cpp and writer.cpp.
#pragma once

#include <locale.h>

namespace rs::archive {

class Charset {
public:
    // "C" or "C.UTF-8"; a system that lacks the latter has only "C", and libarchive then warns.
    explicit Charset(const char* locale);
    ~Charset();
    Charset(const Charset&) = delete;
    Charset& operator=(const Charset&) = delete;

    // In force while it lives; put one around every call of libarchive.
    class [[nodiscard]] Use {
    public:
        explicit Use(const Charset& charset) : before_(::uselocale(charset.locale_)) {}
        ~Use() { ::uselocale(before_); }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;

    private:
        locale_t before_;
    };

private:
    locale_t locale_;
};

} // namespace rs::archive
