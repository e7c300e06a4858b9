/**
 * Whether ssh(1) can be told this as the host to connect to: a host name (RFC 1123 section 2.1, and the underscores that
 * people's own names have), an IPv4 or an IPv6 address. Neither user nor port, which would read as something else.
 */
export function isAddress(text: string): boolean {
  if (text.length > 253) return false;
  if (text.includes(':')) return IPV6.test(text) && URL.canParse(`http://[${text.replace(/%.*$/, '')}]/`);
  if (/^[\d.]+$/.test(text)) return IPV4.test(text);
  return text.split('.').every((label) => LABEL.test(label));
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
/** With a zone, such as `fe80::1%eth0`; how many colons there may be is left to who parses addresses anyway. */
const IPV6 = /^[0-9a-f:.]+(?:%[a-z0-9_.-]{1,32})?$/i;
