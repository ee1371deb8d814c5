/* src/cli/usecases_prepare.h: the part of `assay usecases` that writes prompts and a rubric, which `assay run
 * --regenerate-prompts` asks for too. */
#pragma once

#include "cli/session.h"

/* `assay usecases prepare FOLDER`. */
enum err_code usecases_prepare(struct args *args, struct err *e) MUST_USE;
/* Writes them anew for the folder that `path` is, or is in; `text`: a model, or "none". Says what it cost. */
enum err_code usecases_regenerate(struct session *s, const struct args *args, const char *path, struct str text,
                                  struct err *e) MUST_USE;
