/* src/sim/book.h: the answer book: which case a prompt is about, and what is right for it.
 *
 * Keys are a case's string variables: up to three of the longest that no other case has (else its longest). A key is
 * found by a rolling hash over a short window of it; which window is chosen so that few keys share it, as texts of one
 * kind often begin alike. Two cases with the same key are told apart by their other strings.
 * Threads: any; the index is rebuilt by the first look after an addition. Looks share a lock. */
#pragma once

#include "sim/sim.h"

#define SIM_NO_CASE UINT32_MAX

struct sim_book;

struct sim_book *sim_book_new(void) MUST_USE;
void             sim_book_free(struct sim_book *b);
enum err_code    sim_book_put(struct sim_book *b, struct str id, const json_t *vars, const json_t *expected,
                              struct err *e) MUST_USE;
enum err_code    sim_book_read(struct sim_book *b, const char *path, struct err *e) MUST_USE;
size_t           sim_book_count(struct sim_book *b);

uint32_t   sim_book_find(struct sim_book *b, struct str prompt);            /* SIM_NO_CASE when none matches */
/* The same in a conversation: the case that what is said last is about, unless what was said before holds a text of a
 * case that is much longer (then this is a follow-up, and not a question after examples). */
uint32_t   sim_book_find_last(struct sim_book *b, struct str all, struct str last);
struct str sim_book_case_id(struct sim_book *b, uint32_t which);            /* lives as long as the book */
/* What is right, as compact JSON: lives as long as the book. */
struct str sim_book_expected(struct sim_book *b, uint32_t which);
/* Another value some case has at `path` ("queue", "a.b", "items[]", "" for the whole), as JSON text; the pick'th of
 * those that differ from `not_this`. Empty when there is none. */
struct str sim_book_other(struct sim_book *b, struct str path, struct str not_this, uint64_t pick);
