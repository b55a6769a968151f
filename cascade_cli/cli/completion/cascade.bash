# cascade's completion for bash: at the end of ~/.bashrc, or as the file
# ~/.local/share/bash-completion/completions/cascade
_cascade_completion() {
    local IFS=$'\n' program=cascade kind='' line
    # If cascade was typed with its folder, ask that one.
    [[ $1 == */* ]] && program=${1/#\~\//$HOME/}
    COMPREPLY=()
    while read -r line; do
        if [[ -z $kind ]]; then
            kind=$line
        else
            COMPREPLY+=("$line")
        fi
    done < <(_CASCADE_COMPLETE=bash _CASCADE_LINE="${COMP_LINE:0:COMP_POINT}" \
        _CASCADE_WORDBREAKS="$COMP_WORDBREAKS" "$program" 2>/dev/null)
    # The bash of macOS has no compopt, and works without it.
    case $kind in
        files) compopt -o default -o filenames 2>/dev/null ||
            COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")) ;;
        folders) compopt -o dirnames -o filenames 2>/dev/null ||
            COMPREPLY=($(compgen -d -- "${COMP_WORDS[COMP_CWORD]}")) ;;
        words) compopt -o nosort 2>/dev/null ;;
    esac
    return 0
}
complete -F _cascade_completion cascade
