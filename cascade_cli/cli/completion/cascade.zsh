#compdef cascade
# cascade's completion for zsh: as the file _cascade in a folder of $fpath, or read by ~/.zshrc
# below its compinit.
_cascade_completion() {
    local kind="" line program=cascade
    local -a offers typed=(${(z)LBUFFER}) settings
    local -i at=$(( ${typed[(I)${(b)words[1]}]} - 1 ))
    # What is set for this command alone, such as CASCADE_PROFILE=lido.
    while (( at > 0 )) && [[ $typed[at] == [A-Z]*=* ]]; do
        settings=($typed[at] $settings)
        (( at-- ))
    done
    # If cascade was typed with its folder, ask that one.
    [[ $words[1] == */* ]] && program=${words[1]/#\~\//$HOME/}
    while IFS= read -r line; do
        if [[ -z $kind ]]; then
            kind=$line
        else
            offers+=("$line")
        fi
    done < <(_CASCADE_COMPLETE=zsh \
        _CASCADE_LINE="$settings ${(j: :)words[1,CURRENT-1]} $QIPREFIX$PREFIX" "$program" 2>/dev/null)
    case $kind in
        (files|folders)
            # In --report=F the file begins after the equals sign.
            [[ $PREFIX == -* ]] && compset -P '*='
            if [[ $kind == files ]]; then _files; else _files -/; fi ;;
        # -U: cascade has chosen already. zsh would drop Lucia for a typed `lucia`.
        (words) (( $#offers )) && _describe -V cascade offers -U ;;
    esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _cascade_completion "$@"
else
    compdef _cascade_completion cascade
fi
