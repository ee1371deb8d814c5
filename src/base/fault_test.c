#include "base/test.h"

TEST(fault_marks_sleep_until_they_are_armed)
{
    CHECK(!FAULT("disk.full"));
    fault_arm("disk.full");
    CHECK(!FAULT("disk.slow"));
    CHECK(FAULT("disk.full"));
    CHECK(!FAULT("disk.full"));
    fault_arm(NULL);
    CHECK(!FAULT("disk.full"));
}

TEST(fault_strikes_the_nth_time_or_from_then_on)
{
    fault_arm("m:3");
    CHECK(!FAULT("m"));
    CHECK(!FAULT("m"));
    CHECK(FAULT("m"));
    CHECK(!FAULT("m"));
    fault_arm("m:2+");
    CHECK(!FAULT("m"));
    CHECK(FAULT("m"));
    CHECK(FAULT("m"));
    fault_arm("");
    CHECK(!FAULT("m"));
}
