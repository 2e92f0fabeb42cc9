/**
 * `rxtractor completion`: a script that makes the shell complete commands and options.
 * Floor 10: a command, made from what the other commands say of themselves.
 */
import {type Command, exit, UsageError} from './command.js';

/** @param commands all others */
export function completionOf(commands: readonly Command[]): Command {
  return {
    name: 'completion',
    summary: 'a script for the shell: bash or zsh',
    operands: ['SHELL'],
    options: {},
    about: `
Prints a script that makes the shell complete commands, options and files.

  bash   source <(rxtractor completion bash)     in ~/.bashrc
  zsh    source <(rxtractor completion zsh)      in ~/.zshrc, after compinit
`,
    async run({shell}, {out}) {
      const script = scripts[shell as keyof typeof scripts];
      if (!Object.hasOwn(scripts, shell as string)) throw new UsageError(`completion knows bash and zsh, not ${shell}`);
      out.write(script(commands));
      return exit.fine;
    },
  };
}

const words = (commands: readonly Command[]): string[] => commands.map(({name}) => name);
const flags = ({options}: Command): string[] => [...Object.keys(options), 'help'].map(name => `--${name}`);

function bash(commands: readonly Command[]): string {
  const cases = commands.map(command => `    ${command.name}) words="${flags(command).join(' ')}" ;;`);
  return `_rxtractor() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=
  COMPREPLY=()
  case "$previous" in
    ${fileFlags(commands).join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${[...words(commands), '--help', '--version'].join(' ')}"
  else case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
    completion) words="bash zsh --help" ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _rxtractor rxtractor
`;
}

function zsh(commands: readonly Command[]): string {
  const described = commands.map(({name, summary}) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`);
  const cases = commands.map(command => {
    const options = Object.entries({...command.options, help: {type: 'boolean', help: 'Print its help.'} as const});
    const specs = options.map(([name, option]) => {
      const value =
        'value' in option && option.value ? `:${option.value}:${option.value === 'FILE' ? '_files' : ' '}` : '';
      return quoted(`--${name}[${option.help.replaceAll(/[[\]:]/g, '\\$&')}]${value}`);
    });
    return `    ${command.name}) _arguments ${specs.join(' ')} ;;`;
  });
  return `#compdef rxtractor
_rxtractor() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$name" in
${cases.join('\n')}
    completion) _values shell bash zsh ;;
  esac
}
compdef _rxtractor rxtractor
`;
}

const scripts = {bash, zsh};

function fileFlags(commands: readonly Command[]): string[] {
  const all = commands.flatMap(({options}) =>
    Object.entries(options).flatMap(([name, {value, short}]) =>
      value === 'FILE' ? [`--${name}`, ...(short ? [`-${short}`] : [])] : [],
    ),
  );
  return [...new Set(all)];
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
