/* What shells run: they ask `cryptbpf complete` with the words so far. Where it knows nothing, they offer files. */

const BASH = `_cryptbpf() {
  local IFS=$'\\n'
  COMPREPLY=($(cryptbpf complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _cryptbpf cryptbpf`;

const ZSH = `#compdef cryptbpf
_cryptbpf() {
  local -a found
  found=("\${(@f)$(cryptbpf complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _cryptbpf cryptbpf`;

const FISH = `function __cryptbpf
  set -l words (commandline -opc) (commandline -ct)
  cryptbpf complete $words[2..-1] 2>/dev/null
end
complete -c cryptbpf -a '(__cryptbpf)'`;

export const SCRIPTS: Readonly<Record<string, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
