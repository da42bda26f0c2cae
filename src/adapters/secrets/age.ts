import { ChpError } from '../../core/errors.ts';
import { redactor } from '../../core/redact.ts';

// Loaded on first use: its curves cost more start-up time than the rest of a command that needs no secrets.
const age = () => import('age-encryption');

/** @returns `AGE-SECRET-KEY-1…` and the `age1…` that belongs to it. The identity is hidden from all output from now on. */
export async function generateIdentity(): Promise<{ identity: string; recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await age();
  const identity = await generateX25519Identity();
  redactor.add(identity);
  return { identity, recipient: await identityToRecipient(identity) };
}

/** @returns armored ciphertext. The plaintext is hidden from all output from now on. @throws ChpError BAD_INPUT on a bad recipient. */
export async function encryptTo(recipient: string, plaintext: string): Promise<string> {
  const { armor, Encrypter } = await age();
  redactor.add(plaintext);
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw new ChpError('BAD_INPUT', `"${recipient}" is not an age recipient`, {
      next: ['It begins with age1.'],
      cause,
    });
  }
  return armor.encode(await encrypter.encrypt(plaintext));
}

/** The plaintext is hidden from all output from now on. @throws ChpError INTEGRITY on another identity or a changed text. */
export async function decryptWith(identity: string, armored: string): Promise<string> {
  const { armor, Decrypter } = await age();
  redactor.add(identity);
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const plaintext = await decrypter.decrypt(armor.decode(armored), 'text');
    redactor.add(plaintext);
    return plaintext;
  } catch (cause) {
    throw new ChpError('INTEGRITY', 'a secret could not be decrypted', {
      why: 'It was encrypted to another recipient, or its ciphertext was changed.',
      next: ['Set it again: chp secret set TENANT NAME'],
      cause,
    });
  }
}
