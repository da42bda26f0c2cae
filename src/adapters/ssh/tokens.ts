/** `%x` tokens of ssh_config(5), and `%%`. Unknown ones stay as they are. */
export function expandTokens(text: string, tokens: Record<string, string>): string {
  return text.replace(/%(.)/g, (token, name: string) => (name === '%' ? '%' : (tokens[name] ?? token)));
}

/** `${NAME}` from the environment; one that is not set stays as it is. */
export function expandVariables(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
}

export function expandHome(path: string, home: string): string {
  return path.replace(/^~(?=\/|$)/, home);
}
