/**
 * Orders two versions as dpkg does (Debian Policy 5.6.12): negative when `a` is older than `b`, 0 when they are the
 * same to dpkg (`1.0` and `0:1.00`), positive when newer. Text that is no version is ordered somehow, never refused.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareParts(left.upstream, right.upstream) ||
    compareParts(left.revision, right.revision)
  );
}

function splitVersion(version: string): { epoch: string; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const hyphen = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? '0' : version.slice(0, colon),
    upstream: hyphen < 0 ? rest : rest.slice(0, hyphen),
    revision: hyphen < 0 ? '' : rest.slice(hyphen + 1),
  };
}

/** Compares runs of other characters and runs of digits in turn, until one differs. */
function compareParts(a: string, b: string): number {
  const [left, right] = [splitRuns(a), splitRuns(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [x, y] = [left[index] ?? '', right[index] ?? ''];
    const order = index % 2 === 0 ? compareText(x, y) : compareDigits(x, y);
    if (order !== 0) return order;
  }
  return 0;
}

/** Always starts with a run of other characters, empty if need be. */
function splitRuns(part: string): readonly string[] {
  return part.split(/(\d+)/);
}

function compareText(a: string, b: string): number {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const order = weight(a.charAt(index)) - weight(b.charAt(index));
    if (order !== 0) return order;
  }
  return 0;
}

/** A tilde comes before the end, the end before letters, letters before everything else. */
function weight(character: string): number {
  if (character === '~') return -1;
  if (character === '') return 0;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 0x1_0000;
}

/** As numbers of any size, without rounding. */
function compareDigits(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  if (x.length !== y.length) return x.length - y.length;
  if (x === y) return 0;
  return x < y ? -1 : 1;
}
