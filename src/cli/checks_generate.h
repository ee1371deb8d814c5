/* src/cli/checks_generate.h: the part of `assay checks` that writes checks into a task file. */
#pragma once

#include "cli/cli.h"

enum err_code checks_generate(struct args *args, int *status, struct err *e) MUST_USE;
