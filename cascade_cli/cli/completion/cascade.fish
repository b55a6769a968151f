# cascade's completion for fish: as the file ~/.config/fish/completions/cascade.fish
function __cascade_complete
    set -l token (commandline -ct)
    set -l program cascade
    # If cascade was typed with its folder, ask that one.
    set -l typed (commandline -opc)[1]
    string match -q '*/*' -- $typed; and set program (string replace -r '^~/' "$HOME/" -- $typed)
    set -l answer (_CASCADE_COMPLETE=fish _CASCADE_LINE=(commandline -cp) $program 2>/dev/null)
    set -l option (string match -r '^-[^=]*=' -- $token)
    set -l path (string replace -r '^-[^=]*=' '' -- $token)
    switch "$answer[1]"
        case files
            string replace -r '^' -- "$option" (__fish_complete_path $path)
        case folders
            string replace -r '^' -- "$option" (__fish_complete_directories $path)
        case words
            string join \n -- $answer[2..]
    end
end
complete -c cascade -f -k -a '(__cascade_complete)'
