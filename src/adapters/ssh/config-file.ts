import { ChpError } from '../../core/errors.ts';

/** A line of an ssh_config(5) file. */
export interface ConfigLine {
  /** Lower case: keywords are the same in any case. */
  keyword: string;
  /** Its words without quotes; of a command: the rest of the line, as it stands. */
  words: string[];
  line: number;
}

/** Options whose value is the rest of the line, quotes and `#` included. */
const COMMANDS = ['proxycommand', 'localcommand', 'remotecommand', 'knownhostscommand'];

/** The options of a file, in order. @throws BAD_INPUT with file and line */
export function parseConfigFile(text: string, file: string): ConfigLine[] {
  return text.split('\n').flatMap((raw, index) => {
    const [, keyword = '', rest = ''] = /^\s*([^\s=#"]+)[ \t]*=?[ \t]*(.*?)\s*$/.exec(raw) ?? [];
    if (!keyword) return [];
    const name = keyword.toLowerCase();
    const words = COMMANDS.includes(name) ? [rest] : splitWords(rest);
    if (!words)
      throw new ChpError('BAD_INPUT', `${file}:${index + 1} can't be understood: a quote is not closed`, {
        next: [`Mend it; this shows what ssh makes of it: ssh -G -F ${file} example`],
      });
    return [{ keyword: name, words, line: index + 1 }];
  });
}

/** As OpenSSH splits them: both kinds of quotes, a few backslashes, a comment after blanks. null = a quote is not closed */
function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (at >= text.length || text[at] === '#') return words;
    let word = '';
    let quote = '';
    for (; at < text.length; at++) {
      const char = text[at] as string;
      const next = text[at + 1] ?? '';
      if (char === '\\' && next !== '' && (`'"\\`.includes(next) || (!quote && next === ' '))) {
        word += next;
        at++;
      } else if (!quote && (char === ' ' || char === '\t')) break;
      else if (!quote && (char === '"' || char === "'")) quote = char;
      else if (quote && char === quote) quote = '';
      else word += char;
    }
    if (quote) return null;
    words.push(word);
  }
}
