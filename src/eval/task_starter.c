#include "eval/task_load.h"

#include "embedded.h"

#include <pthread.h>

static struct task_starter_file task_starter_files[4];      /* the last one stays empty */

/* The embedded bytes are known to the linker only, so the table is filled once rather than initialised. */
static void task_starter_fill(void)
{
    task_starter_files[0] = (struct task_starter_file){ "task.yaml", embedded_data_starter_task_yaml.bytes };
    task_starter_files[1] = (struct task_starter_file){ "prompt.jinja", embedded_data_starter_prompt_jinja.bytes };
    task_starter_files[2] = (struct task_starter_file){ "cases.jsonl", embedded_data_starter_cases_jsonl.bytes };
}

const struct task_starter_file *task_starter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, task_starter_fill);
    return task_starter_files;
}
