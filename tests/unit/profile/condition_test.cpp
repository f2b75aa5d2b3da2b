// SPDX-License-Identifier: Apache-2.0
#include "profile/condition.hpp"

#include <doctest/doctest.h>
#include <sys/utsname.h>

#include "base/error.hpp"

using namespace rs;
using profile::condition_holds;

TEST_CASE("conditions ask for the system, for Python and for files") {
    for (const char* const yes :
         {"python3", "linux and bits64", "not python2", "sys.version_info >= (3, 7)", "sys.version_info[0] == 3",
          "os.path.isdir('/')", "os.access('/', os.R_OK)", "platform.system() == 'Linux'", "posix", " 1 "}) {
        CAPTURE(yes);
        CHECK(condition_holds(yes));
    }
    for (const char* const no : {"python2", "python27 or python26", "windows", "os.path.exists('/nonexistent')",
                                 "sys.version_info < (3, 0)", "''", "big_endian"}) {
        CAPTURE(no);
        CHECK_FALSE(condition_holds(no));
    }
    struct utsname machine{};
    REQUIRE(::uname(&machine) == 0);
    CHECK(condition_holds(std::string("platform.machine() == \"") + machine.machine + "\""));
}

TEST_CASE("what is no condition is an error") {
    for (const char* const wrong : {"nothing", "1 +", "", "%}", "1 %}{% if 1", "1 %}1{% endif %}{% if 1", "os.system('x')"}) {
        CAPTURE(wrong);
        CHECK_THROWS_AS(static_cast<void>(condition_holds(wrong)), Error);
    }
}
