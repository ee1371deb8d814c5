/* assay completion SHELL: the shell's completion. The scripts only ask `assay complete`, so they never go stale. */
#include "cli/cli.h"

static const char completion_bash[] =
    "# assay completion for bash: eval \"$(assay completion bash)\"\n"
    "_assay() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\\n' lines\n"
    "    COMPREPLY=()\n"
    "    lines=($(\"$1\" complete bash -- \"${COMP_LINE:0:COMP_POINT}\" 2>/dev/null))\n"
    "    [[ $cur == : || $cur == = ]] && cur=\n"
    "    if [[ ${lines[0]} == :file ]]; then\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        COMPREPLY=($(compgen -f -- \"$cur\"))\n"
    "    else\n"
    "        COMPREPLY=(\"${lines[@]}\")\n"
    "        [[ ${#lines[@]} -eq 1 && ${lines[0]} == *[:,] ]] && compopt -o nospace 2>/dev/null\n"
    "    fi\n"
    "    return 0\n"
    "}\n"
    "complete -F _assay assay\n";

static const char completion_zsh[] =
    "#compdef assay\n"
    "# assay completion for zsh: eval \"$(assay completion zsh)\", or save as _assay in a folder of $fpath\n"
    "_assay() {\n"
    "    local -a lines items\n"
    "    local line value\n"
    "    lines=(\"${(@f)$(\"${(Q)words[1]}\" complete zsh -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
    "    if [[ $lines[1] == :file ]]; then _files; return; fi\n"
    "    for line in $lines; do\n"
    "        value=${line%%$'\\t'*}\n"
    "        items+=(\"${value//:/\\\\:}:${line#*$'\\t'}\")\n"
    "    done\n"
    "    (( $#items )) && _describe -V assay items\n"
    "}\n"
    "if [[ $funcstack[1] == _assay ]]; then _assay \"$@\"; else compdef _assay assay; fi\n";

static const char completion_fish[] =
    "# assay completion for fish: assay completion fish | source\n"
    "function __assay_complete\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct)\n"
    "    set -l lines (command $words[1] complete fish -- $words[2..-1] \"$current\" 2>/dev/null)\n"
    "    if test \"$lines[1]\" = :file\n"
    "        __fish_complete_path \"$current\"\n"
    "    else if set -q lines[1]\n"
    "        printf '%s\\n' $lines\n"
    "    end\n"
    "end\n"
    "complete -c assay -f -a '(__assay_complete)'\n";

static enum err_code completion_run(struct args *args, int *status, struct err *e)
{
    struct str shell = args_positional(args, 0);

    (void)status;
    if (str_is(shell, "bash"))
        return term_write(str_c(completion_bash), e);
    if (str_is(shell, "zsh"))
        return term_write(str_c(completion_zsh), e);
    if (str_is(shell, "fish"))
        return term_write(str_c(completion_fish), e);
    return err_set(e, ERR_USAGE, "there is no completion for \"" STR_FMT "\"; there is one for bash, zsh and fish",
                   STR_ARG(shell));
}

const struct command command_completion = {
    .name = "completion", .usage = "bash|zsh|fish", .summary = "Print the shell's completion script.",
    .doc = "bash: eval \"$(assay completion bash)\" in ~/.bashrc. zsh: the same with zsh in ~/.zshrc, after compinit. fish: assay "
           "completion fish > ~/.config/fish/completions/assay.fish. Commands, options, values, runs, models, metrics and files.",
    .positional_min = 1, .positional_max = 1, .complete = "bash|zsh|fish", .run = completion_run,
};
