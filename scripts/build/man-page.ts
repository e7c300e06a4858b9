import { EXIT } from '../../src/core/exit-codes.ts';
import { withDescendants, type CommandNode, type OptionNode } from './command-tree.ts';

export type ManPageOptions = { readonly version: string; /** Seconds since 1970. */ readonly time: number };

/** celeroot(1) in the language of man(7), from the command tree. */
export function renderManPage(root: CommandNode, { version, time }: ManPageOptions): string {
  const date = new Date(time * 1000).toISOString().slice(0, 10);
  return `${[
    `.TH CELEROOT 1 "${date}" "celeroot ${version}" "celeroot"`,
    '.SH NAME',
    'celeroot \\- keep a fleet of Debian and Ubuntu servers installed, patched and accounted for',
    '.SH SYNOPSIS',
    '.B celeroot',
    text('[--config FILE] [--json] NOUN [VERB] [OPTION...] [ARGUMENT...]'),
    '.SH DESCRIPTION',
    text(DESCRIPTION),
    '.SH OPTIONS',
    'All but \\-\\-version are understood by every command and may stand anywhere on the line.',
    ...root.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...listed(root).flatMap(commandLines),
    '.SH EXIT STATUS',
    ...Object.values(EXIT).flatMap(({ code, meaning }) => ['.TP', `.B ${code}`, text(meaning)]),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.flatMap(definition),
    '.SH FILES',
    ...FILES.flatMap(definition),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([command, what]) => [text(what), '.PP', '.RS', '.nf', text(command), '.fi', '.RE', '.PP']),
    '.SH SEE ALSO',
    '.BR apt\\-get (8),',
    '.BR systemctl (1),',
    '.BR redis\\-server (1)',
  ].join('\n')}\n`;
}

const DESCRIPTION =
  'The hosts of a fleet and their roles are in one file, celeroot.yaml. This command signs an order for each host it is to change and puts it into Redis; a worker on the host takes it, checks the signature, does the work with apt in a process of its own, and reports what dpkg says happened. Hosts that are off do their part when they return.';

const ENVIRONMENT = [
  ['CELEROOT_CONFIG', 'the configuration file; --config wins'],
  ['CELEROOT_REDIS_USER, CELEROOT_REDIS_PASSWORD', 'how to sign in to Redis; they win over the file'],
  ['CELEROOT_STATE_DIR', 'where a worker keeps its jobs, instead of /var/lib/celeroot'],
] as const;

const FILES = [
  ['celeroot.yaml, /etc/celeroot/celeroot.yaml', 'the fleet, on the controller; the first that is there is used'],
  ['/etc/celeroot/worker.yaml', 'who a host is and whom it obeys; its worker starts once the file is there'],
  ['/etc/celeroot/policy.yaml', 'what the owner of a host lets nobody do there'],
  ['/usr/share/doc/celeroot/docs', 'a page for each subject'],
  ['/var/lib/celeroot', 'what a host remembers of the jobs it has had'],
] as const;

const EXAMPLES = [
  ['celeroot hosts ls', 'See which hosts are there and what they need:'],
  ['celeroot apt upgrade --security-only --role webserver --dry-run', 'Plan security upgrades; nothing is changed:'],
  ['celeroot apply latest', 'Carry out exactly what was planned:'],
] as const;

/** The tasks below `celeroot run` have the same options as their short forms, such as `celeroot apt install`. */
function listed(root: CommandNode): readonly CommandNode[] {
  const isGroup = ({ children, arguments: wanted }: CommandNode): boolean => children.length > 0 && wanted.length === 0;
  return withDescendants(root).filter((node) => !isGroup(node) && !node.path.startsWith('celeroot run '));
}

function commandLines({ path, usage, summary, arguments: wanted, options }: CommandNode): readonly string[] {
  const described = wanted.filter(({ description }) => description !== '');
  return [
    `.SS ${text(`${path} ${usage}`)}`,
    text(summary),
    ...described.flatMap(({ term, description }) => definition([term, description])),
    ...options.filter(({ names }) => !names.includes('--help')).flatMap(optionLines),
  ];
}

function optionLines({ term, description }: OptionNode): readonly string[] {
  return definition([term, description]);
}

function definition([term, description]: readonly [string, string]): readonly string[] {
  return ['.TP', `.B ${text(term)}`, text(description)];
}

/** A line of plain text, in which nothing means something to groff. */
function text(plain: string): string {
  return plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(/[^\p{ASCII}]/gu, (character) => `\\[u${codeOf(character)}]`)
    .replace(/^[.']/, '\\&$&');
}

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
