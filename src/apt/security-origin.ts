/**
 * Whether apt's words for where a version comes from (`Label:Version/Archive`, several after commas) name a security
 * archive: a label or an archive that ends in `-security`, as Debian and Ubuntu call theirs.
 */
export function isSecurityOrigin(origin: string): boolean {
  return origin.split(/[,:/]/).some((part) => /-security$/i.test(part.trim()));
}
