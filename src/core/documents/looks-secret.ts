/** Keys and tokens of known make. */
const KNOWN =
  /^(sk-|xox[abp]-|gh[pousr]_|github_pat_|AKIA|AIza|AGE-SECRET-KEY-|-----BEGIN [A-Z ]*PRIVATE KEY|\d{8,10}:[A-Za-z0-9_-]{30,})/;
const URL_WITH_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;
/** A long run of letters and digits, as no name has. */
const RANDOM = /^(?=.*[0-9])(?=.*[A-Za-z])(?=.*[A-Za-z0-9]{16})[A-Za-z0-9+/_-]{32,}={0,2}$/;
/** Names that say what their value is. */
const SENSITIVE = '(?:api_?key|token|secret|password|passphrase|private_?key|credentials?)';
const SENSITIVE_KEY = new RegExp(`(?:^|[a-z_-])${SENSITIVE}$`, 'i');
/** Shorter ones are placeholders that some servers want: `none`, `ollama`. */
const MIN_LENGTH = 8;

/** A key or token in the clear, by its look alone. */
export function looksSecret(value: string): boolean {
  return KNOWN.test(value) || RANDOM.test(value) || URL_WITH_PASSWORD.test(value);
}

/** The gateway's way to say that a value is a secret. */
const REFERENCE = /\$\{[A-Z_][A-Z0-9_]*\}/;
export const holdsReference = (text: string): boolean => REFERENCE.test(text);

/** A value that is secret by the name of its key: text, and no `${NAME}`. */
export function isSecretByName(key: string, value: string): boolean {
  return SENSITIVE_KEY.test(key) && value.length >= MIN_LENGTH && !holdsReference(value);
}

const WORD = /[^\s"'`,()[\]{}=]{8,}/g;
const AFTER_KEY = new RegExp(`(${SENSITIVE}["']?\\s*[:=]\\s*)("[^"]*"?|'[^']*'?|[^\\s"',\\]}][^,\\]}]*)`, 'gi');

/** Text with every value that looks like a secret as stars of the same length, so that columns stay. */
export function maskSecrets(text: string): string {
  return text
    .replace(AFTER_KEY, (whole, key: string, value: string) => {
      const bare = value.replace(/^["']|["']$/g, '').trim();
      return isSecretByName('secret', bare) && !isSecretName(bare) ? key + stars(value) : whole;
    })
    .replace(WORD, (word) => (looksSecret(word.replace(/[:;.?!]+$/, '')) ? stars(word) : word));
}

/** `secret: ANTHROPIC_API_KEY` names one. */
export const isSecretName = (value: string): boolean => /^[A-Z][A-Z0-9_]*$/.test(value);
const stars = (text: string): string => '*'.repeat(text.length);
