/** Not even quoted are these the same in every shell: csh minds `!` and line ends, fish minds backslashes. */
const NOT_EVERYWHERE = /[!\\'\n]/;

/**
 * The line that sshd hands to the login shell, whatever shell that is: POSIX sh, csh and fish read it alike. Before the
 * command begins, `marker` and its process id are printed on a line of both outputs: what the shell's own start files
 * print comes before it.
 */
export function commandLine(argv: readonly string[], marker: string): string {
  if (argv.every((word) => !NOT_EVERYWHERE.test(word)))
    return `exec /bin/sh -c 'echo "$0$$"; echo "$0$$" >&2; exec "$@"' ${[marker, ...argv].map(quote).join(' ')}`;
  const begun = `echo ${quote(marker)}$$`;
  const script = `${begun}; ${begun} >&2; exec ${argv.map(quote).join(' ')}`;
  return `exec /bin/sh -c 'eval "$(echo "$0" | base64 -d)"' ${Buffer.from(script).toString('base64')}`;
}

/** One word for a POSIX shell. */
function quote(word: string): string {
  return /^[A-Za-z0-9_/:.,@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
