/** Secrets that must be nowhere, and the forms in which they could be there. */
export class Canaries {
  readonly #forms = new Map<string, Buffer[]>();

  /** Also as JSON, URL component, base64, base64url and hex. Of a PEM file, the lines that hold the private part. */
  add(name: string, secret: string): void {
    const value = secret.trim();
    const forms = value.startsWith('-----BEGIN') ? value.split('\n').slice(1, 3).filter(isKeyLine) : formsOf(value);
    if (forms.length === 0 || value.length < 16) throw new Error(`${name} can't be told from other text`);
    this.#forms.set(
      name,
      forms.map((form) => Buffer.from(form)),
    );
  }

  get names(): string[] {
    return [...this.#forms.keys()];
  }

  /** Names of those that are in it. */
  in(content: string | Buffer): string[] {
    const bytes = Buffer.from(content);
    return [...this.#forms].filter(([, forms]) => forms.some((form) => bytes.includes(form))).map(([name]) => name);
  }

  /** For the other programs of this folder: hexadecimal, by name. */
  toJSON(): Record<string, string[]> {
    return Object.fromEntries(
      [...this.#forms].map(([name, forms]) => [name, forms.map((form) => form.toString('hex'))]),
    );
  }
}

const isKeyLine = (line: string): boolean => line.length >= 32 && !line.startsWith('-');

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}
