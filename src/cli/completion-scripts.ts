import type { CompletionTable, Place, Value, Word } from './completion.ts';

const wordsOf = (words: readonly Word[]): string => words.map(({ word }) => word).join(' ');

/** Text inside single quotes, for any of the shells. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The first sentence, short enough for a list. */
const brief = (text: string): string => (text.length <= 70 ? text : `${text.slice(0, 69)}…`);

const flagsOf = (values: readonly Value[], kind: Value['kind']): readonly string[] =>
  values.filter((value) => value.kind === kind).map(({ flag }) => flag);

/** `a|b|c)` as a pattern that never is empty. */
const pattern = (flags: readonly string[]): string => (flags.length === 0 ? '--' : flags.join('|'));

const next = ({ commands, flags }: Place): string => [wordsOf(commands), wordsOf(flags)].join(' ').trim();

const choiceCases = (values: readonly Value[]): string =>
  values
    .filter(({ kind }) => kind === 'choices')
    .map(
      ({ flag, choices }) =>
        `    ${flag}) COMPREPLY=($(compgen -W ${quoted(choices.join(' '))} -- "$cur")); return ;;`,
    )
    .join('\n');

/** For bash 3.2 and later. */
const bash = ({ places, values }: CompletionTable): string => {
  const taking = values.map(({ flag }) => flag);
  const paths = places.map(({ path }) => quoted(path)).join('|');
  const cases = places
    .map((place) => `    ${quoted(place.path)}) words=${quoted(next(place))} ;;`)
    .join('\n');
  return `# bash completion for esteira; load it with: source <(esteira completion bash)
_esteira() {
  local cur prev place words word i skip=0
  local IFS=$' \\t\\n'
  COMPREPLY=()
  cur="\${COMP_WORDS[COMP_CWORD]}"
  prev="\${COMP_WORDS[COMP_CWORD-1]}"
  place=esteira
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if ((skip)); then skip=0; continue; fi
    case "$word" in
    ${pattern(taking)}) skip=1; continue ;;
    esac
    case "$place $word" in
    ${paths}) place="$place $word" ;;
    esac
  done
  case "$prev" in
    ${pattern(flagsOf(values, 'file'))}) IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur")); return ;;
${choiceCases(values)}
    ${pattern(flagsOf(values, 'none'))}) return ;;
  esac
  words=
  case "$place" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _esteira esteira
`;
};

const zshWords = (words: readonly Word[]): string =>
  words.map(({ word, says }) => quoted(`${word}:${brief(says).replaceAll(':', '\\:')}`)).join(' ');

const zsh = ({ places, values }: CompletionTable): string => {
  const taking = values.map(({ flag }) => flag);
  const paths = places.map(({ path }) => quoted(path)).join('|');
  const choices = values
    .filter(({ kind }) => kind === 'choices')
    .map((value) => `    ${value.flag}) compadd -- ${value.choices.join(' ')}; return ;;`)
    .join('\n');
  const cases = places
    .map(
      ({ path, commands, flags }) =>
        `    ${quoted(path)}) known=(${zshWords(commands)}); flags=(${zshWords(flags)}) ;;`,
    )
    .join('\n');
  return `#compdef esteira
# zsh completion for esteira; load it with: source <(esteira completion zsh)
_esteira() {
  local place=esteira word prev
  local -i i skip=0
  local -a known flags
  prev="\${words[CURRENT-1]}"
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    if ((skip)); then skip=0; continue; fi
    case "$word" in
    ${pattern(taking)}) skip=1; continue ;;
    esac
    case "$place $word" in
    ${paths}) place="$place $word" ;;
    esac
  done
  case "$prev" in
    ${pattern(flagsOf(values, 'file'))}) _files; return ;;
${choices}
    ${pattern(flagsOf(values, 'none'))}) return ;;
  esac
  case "$place" in
${cases}
  esac
  (( \${#known} )) && _describe -t commands command known
  _describe -t options option flags
}
if [ "$funcstack[1]" = "_esteira" ]; then _esteira "$@"; else compdef _esteira esteira; fi
`;
};

const fishLine = (place: string, rest: string): string =>
  `complete -c esteira -n ${quoted(`__esteira_at ${place === 'esteira' ? '' : place.slice('esteira '.length)}`.trim())} ${rest}`;

const fishValue = (values: readonly Value[], flag: string): string => {
  const value = values.find((one) => one.flag === flag);
  if (value === undefined) return '';
  if (value.kind === 'file') return ' -r -F';
  return value.kind === 'choices' ? ` -x -a ${quoted(value.choices.join(' '))}` : ' -x';
};

const fish = ({ places, values }: CompletionTable): string => {
  const taking = values.map(({ flag }) => flag).join(' ');
  const paths = places.map(({ path }) => quoted(path)).join(' ');
  const lines = places.flatMap(({ path, commands, flags }) => [
    ...commands.map(({ word, says }) => fishLine(path, `-a ${word} -d ${quoted(brief(says))}`)),
    ...flags.map(({ word, says }) =>
      fishLine(path, `-l ${word.replace(/^--/, '')}${fishValue(values, word)} -d ${quoted(brief(says))}`),
    ),
  ]);
  return `# fish completion for esteira; load it with: esteira completion fish | source
function __esteira_at
  set -l place esteira
  set -l skip 0
  set -l tokens (commandline -opc)
  for token in $tokens[2..-1]
    if test $skip = 1
      set skip 0
      continue
    end
    if contains -- $token ${taking}
      set skip 1
      continue
    end
    if contains -- "$place $token" ${paths}
      set place "$place $token"
    end
  end
  test "$place" = (string join ' ' esteira $argv)
end
complete -c esteira -f
${lines.join('\n')}
`;
};

/** The shells there is a completion for, each with what writes it. */
export const COMPLETION_SCRIPTS = { bash, zsh, fish } as const satisfies Record<
  string,
  (table: CompletionTable) => string
>;
