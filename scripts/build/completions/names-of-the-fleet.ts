/**
 * A function for POSIX-like shells that prints the names of `hosts`, `roles` or `schedules` in the configuration, whose
 * place may be the second argument. It reads what celeroot prints itself, so that anchors and other ways to write YAML
 * need no thought, and asks no Redis.
 */
export const NAMES_OF_THE_FLEET = `_celeroot_names() {
  CELEROOT_CONFIG=\${2:-\${CELEROOT_CONFIG-}} celeroot config show 2>/dev/null |
    sed -n "/^$1:/,/^[a-z]/s/^  \\([a-z0-9][a-z0-9._-]*\\):.*/\\1/p"
}
`;
