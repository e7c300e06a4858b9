import { CommandError } from '../../src/core/errors.ts';
import { MAINTAINER } from './maintainer.ts';

export type ChangelogOptions = { readonly version: string; /** Seconds since 1970. */ readonly time: number };

/** debian/changelog's one entry: what CHANGELOG.md says of this version, or of what is pending. */
export function renderDebianChangelog(markdown: string, { version, time }: ChangelogOptions): string {
  const section = sectionOf(markdown, version) ?? sectionOf(markdown, 'Pending');
  if (section === undefined) {
    throw new CommandError('COMMAND_FAILED', `CHANGELOG.md has neither a section ${version} nor one called Pending`);
  }
  // It has no headings within an entry.
  const items = section.replaceAll(/^### .*$/gm, '').split(/^- /m).slice(1);
  const lines = items.map((item) => `  * ${wrapped(item.replaceAll(/\s+/g, ' ').trim())}`);
  // RFC 5322, as Debian writes it: `Tue, 24 Nov 2026 01:02:03 +0000`.
  const date = new Date(time * 1000).toUTCString().replace(/GMT$/, '+0000');
  return `celeroot (${version}) unstable; urgency=medium\n\n${lines.join('\n')}\n\n -- ${MAINTAINER}  ${date}\n`;
}

function sectionOf(markdown: string, title: string): string | undefined {
  const sections = markdown.split(/^## /m).slice(1);
  return sections.find((section) => section.startsWith(`${title}\n`));
}

const WIDTH = 76;

/** Lines of at most 80 characters; those after the first are indented. */
function wrapped(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n    ');
}
