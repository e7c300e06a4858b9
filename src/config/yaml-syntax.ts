import type { ErrorCode, YAMLError } from 'yaml';

/**
 * The library's complaint in our words, and where to look for the slip. Its own messages can quote the text, which may
 * be a password, so nothing of them is passed on.
 */
export function syntaxFault(error: YAMLError, text: string): { readonly offset: number; readonly message: string } {
  const [offset] = error.pos;
  const star = starBefore(text, offset);
  if (star !== null) return { offset: star, message: STAR_NEEDS_QUOTES };
  const known = PHRASES.find(([start]) => error.message.startsWith(start));
  return { offset, message: known?.[1] ?? BY_CODE[error.code] };
}

/** A pattern of cron without quotes is an alias and a text too many: where its asterisk is, when that is the slip. */
function starBefore(text: string, offset: number): number | null {
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset);
  const [found] = /(?<=^|[\s[{,])\*\S*[ \t]+$/.exec(line) ?? [];
  return found === undefined ? null : offset - found.length;
}

const STAR_NEEDS_QUOTES = 'a text that begins with * needs quotes, as in  cron: "*/5 * * * *"';

/** Frequent slips that share a code with others. */
const PHRASES: readonly (readonly [string, string])[] = [
  ['Alias cannot be an empty string', STAR_NEEDS_QUOTES],
  ['Missing closing', 'a quoted text is not closed'],
  ['Implicit map keys need to be followed', 'expected a colon and a value after this name'],
  ['Implicit keys need to be on a single line', 'expected a colon after the name on this line'],
  ['Missing , between', 'expected a comma between the entries'],
  ['Missing space after :', 'expected a space after the colon'],
  ['Flow sequence in block', 'a list opened with [ is not closed with ], or its lines are not indented'],
  ['Flow map in block', 'a mapping opened with { is not closed with }, or its lines are not indented'],
  ['Comments must be separated', 'expected a space before the #'],
  ['Unexpected , in', 'there is a comma too many'],
  ['Unexpected scalar at node end', 'there is text after the end of this value'],
  ['Block scalar header includes', 'only digits, + and - may follow | or >'],
  ['All sequence items must start', 'the entries of a list must start at the same column'],
  ['All mapping items must start', 'the names of a mapping must start at the same column'],
];

const BY_CODE: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag',
  BAD_ALIAS: 'an anchor or alias needs a name that does not end with a colon',
  BAD_COLLECTION_TYPE: 'the tag does not fit this kind of value',
  BAD_DIRECTIVE: 'this % line is not a directive of YAML',
  BAD_DQ_ESCAPE: 'this escape after \\ does not exist; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_PROP_ORDER: 'an anchor or tag must stand right before its value',
  BAD_SCALAR_START: 'a text that starts with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon on one line: put the text in quotes, or the mapping on lines of its own',
  BLOCK_IN_FLOW: 'lines by indentation cannot stand within [ ] or { }',
  DUPLICATE_KEY: 'is given twice in this mapping',
  IMPOSSIBLE: 'this cannot be read as YAML',
  KEY_OVER_1024_CHARS: 'the name before the colon is longer than 1024 characters',
  MISSING_CHAR: 'a character is missing here, perhaps a space or a colon',
  MULTILINE_IMPLICIT_KEY: 'expected a colon after the name on this line',
  MULTIPLE_ANCHORS: 'a value can have one anchor only',
  MULTIPLE_DOCS: 'a second document begins here; a configuration is one document',
  MULTIPLE_TAGS: 'a value can have one tag only',
  NON_STRING_KEY: 'expected a name before the colon',
  RESOURCE_EXHAUSTION: 'lists or mappings are nested too deeply',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'this tag is not known here; leave it out',
  UNEXPECTED_TOKEN: 'this cannot stand here; check the indentation and quotes of this line and the one above',
};
