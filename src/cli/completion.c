/* assay completion SHELL: the shell's completion, made from the table of commands. */
#include "cli/cli.h"

static void completion_bash(void)
{
    printf("# assay completion for bash: eval \"$(assay completion bash)\"\n_assay() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
           "    COMPREPLY=()\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then words=\"");
    for (size_t i = 0; command_at(i); i++)
        printf("%s%s", i ? " " : "", command_at(i)->name);
    printf(
        "\"; COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return; fi\n    case \"${COMP_WORDS[1]}:$prev\" in\n");
    for (size_t i = 0; command_at(i); i++)
        for (const struct option *o = command_at(i)->options; o && o->name; o++)
            if (o->words)
                printf("    %s:--%s) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return;;\n", command_at(i)->name,
                       o->name, o->words);
    printf("    esac\n    case \"${COMP_WORDS[1]}\" in\n");
    for (size_t i = 0; command_at(i); i++) {
        const struct command *c = command_at(i);

        printf("    %s) words=\"", c->name);
        for (const struct option *o = c->options; o && o->name; o++)
            printf("--%s ", o->name);
        printf("--help\"; what=%s;;\n", c->complete ? c->complete : "none");
    }
    printf("    esac\n    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
           "    elif [ \"$what\" = run ]; then COMPREPLY=($(compgen -W \"last $(assay runs -n 50 2>/dev/null | "
           "awk 'NR>1{print $1}')\" -- \"$cur\"))\n"
           "    else COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}\ncomplete -o filenames -F _assay assay\n");
}

static void completion_zsh(void)
{
    printf("#compdef assay\n# assay completion for zsh: save as _assay in a folder of $fpath\n_assay() {\n"
           "  local -a commands; commands=(\n");
    for (size_t i = 0; command_at(i); i++)
        printf("    '%s:%s'\n", command_at(i)->name, command_at(i)->summary);
    printf("  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] in\n");
    for (size_t i = 0; command_at(i); i++) {
        printf("  %s) _arguments", command_at(i)->name);
        for (const struct option *o = command_at(i)->options; o && o->name; o++)
            printf(" '--%s[%s]%s%s'", o->name, o->name, o->arg ? ":value:" : "", o->words ? "" : "");
        printf(" '*:file:_files' ;;\n");
    }
    printf("  esac\n}\n_assay \"$@\"\n");
}

static void completion_fish(void)
{
    printf("# assay completion for fish: assay completion fish | source\n");
    for (size_t i = 0; command_at(i); i++) {
        const struct command *c = command_at(i);

        printf("complete -c assay -n __fish_use_subcommand -f -a %s -d '%s'\n", c->name, c->summary);
        for (const struct option *o = c->options; o && o->name; o++) {
            printf("complete -c assay -n '__fish_seen_subcommand_from %s' -l %s%s", c->name, o->name,
                   o->arg ? " -r" : "");
            if (o->words)
                printf(" -a '%s'", o->words);
            printf("\n");
        }
    }
}

static enum err_code completion_run(struct args *args, int *status, struct err *e)
{
    struct str shell = args_positional(args, 0);

    (void)status;
    if (str_is(shell, "bash"))
        completion_bash();
    else if (str_is(shell, "zsh"))
        completion_zsh();
    else if (str_is(shell, "fish"))
        completion_fish();
    else
        return err_set(e, ERR_USAGE, "there is no completion for \"" STR_FMT "\"; there is one for bash, zsh and fish",
                       STR_ARG(shell));
    return ERR_OK;
}

const struct command command_completion = {
    .name = "completion", .usage = "bash|zsh|fish", .summary = "Print the shell's completion script.",
    .positional_min = 1, .positional_max = 1, .run = completion_run,
};
