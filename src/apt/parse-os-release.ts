export type OsRelease = { readonly name: string; readonly id: string; readonly version: string };

/** The fields of os-release(5) that facts need; `Linux`, `linux` and an empty version where it has none. */
export function parseOsRelease(text: string): OsRelease {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)=(.*)$/.exec(line.trim());
    if (match) fields.set(match[1] ?? '', unquote(match[2] ?? ''));
  }
  return {
    name: fields.get('PRETTY_NAME') ?? fields.get('NAME') ?? 'Linux',
    id: fields.get('ID') ?? 'linux',
    version: fields.get('VERSION_ID') ?? '',
  };
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return (quoted?.[2] ?? value).replace(/\\(["$`\\])/g, '$1');
}
