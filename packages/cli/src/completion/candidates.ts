import type { Command, Option } from 'commander';

/**
 * What can stand in the place of the last word, which may be empty. Nothing where a value of the user's own is due: shells
 * offer files then.
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  const { command, rest } = commandOf(program, before);
  const previous = optionNamed(command, before.at(-1));
  if (previous && !previous.isBoolean()) return starting(previous.argChoices ?? [], last);
  if (last.startsWith('-')) return starting(optionsOf(command), last);
  const commands = command.commands
    .filter((each) => !isHidden(each))
    .flatMap((each) => [each.name(), ...each.aliases()]);
  return starting([...commands, ...choicesOf(command, rest)], last);
}

/** The innermost command that the words lead to, and its arguments so far. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: string[] } {
  let command = program;
  let rest: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const option = optionNamed(command, word);
    if (option && !option.isBoolean()) i++;
    if (word.startsWith('-')) continue;
    const next = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (next) {
      command = next;
      rest = [];
    } else rest.push(word);
  }
  return { command, rest };
}

function choicesOf(command: Command, rest: readonly string[]): readonly string[] {
  const args = command.registeredArguments;
  const due = args[rest.length] ?? (args.at(-1)?.variadic ? args.at(-1) : undefined);
  return due?.argChoices ?? [];
}

const optionsOf = (command: Command) => [
  ...command.options.flatMap(({ long, short }) => long ?? short ?? []),
  '--help',
];

const optionNamed = (command: Command, word: string | undefined): Option | undefined =>
  command.options.find(({ long, short }) => word !== undefined && (word === long || word === short));

const starting = (all: readonly string[], beginning: string) =>
  all.filter((each) => each.startsWith(beginning));

/** Commander keeps it to itself. */
const isHidden = (command: Command) => (command as unknown as { _hidden?: boolean })._hidden === true;
