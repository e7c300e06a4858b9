import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Makes the result celeroot's own, as machine-id(5) asks of whoever shows a machine's id to others. */
const APPLICATION = 'celeroot machine identity v1';

/**
 * Tells machines apart that answer to the same name, for instance clones: 32 hexadecimal digits made from
 * /etc/machine-id, from which that cannot be told. Empty where the machine has no id, as before its first boot.
 */
export async function machineIdentity(file = '/etc/machine-id'): Promise<string> {
  const id = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (!/^[0-9a-f]{32}$/.test(id)) return '';
  return createHmac('sha256', Buffer.from(id, 'hex')).update(APPLICATION).digest('hex').slice(0, 32);
}
