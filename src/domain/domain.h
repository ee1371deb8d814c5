/* src/domain/domain.h: the words of the house as plain structs: their JSON, their invariants, their state tables.
 *
 * Nothing here opens a file or a socket. Strings are borrowed from the arena or document the struct was read into.
 * Files in reading order: model, params, message, usage, turn, task, dataset, run, trial, score. */
#pragma once

#include "base/base.h"

#include "domain/model.h"
#include "domain/params.h"
#include "domain/message.h"
#include "domain/usage.h"
#include "domain/turn.h"
#include "domain/score.h"
#include "domain/dimension.h"
#include "domain/task.h"
#include "domain/dataset.h"
#include "domain/run.h"
#include "domain/trial.h"
