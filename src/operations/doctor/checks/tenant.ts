import { check, fail, skipped, warn } from '../check.ts';

const DAY_MS = 86_400_000;
const OLD_DAYS = 365;
const SOON_DAYS = 30;
const LOCK_OLD_S = 600;

/** What the registry says of a tenant, its secrets, and the state of its infrastructure. */
export const AUDIT = [
  check({
    id: 'audit.chain',
    group: 'audit',
    title: 'Chain of entries',
    means:
      'An entry was edited, removed, moved, or signed by a key that is not known: somebody wrote to the registry by hand.',
    needs: ['audit'],
    owns: ['audit'],
    fix: {
      text: 'Compare with the last export, and find out who can write to the registry.',
      command: 'chp audit verify',
    },
    judge: ({ audit: { entries } }) => `${entries} entries; every hash and signature holds`,
  }),
];

export const TENANT = [
  check({
    id: 'tenant.phase',
    group: 'tenant',
    title: 'Phase',
    means: 'It was never finished, or is half destroyed.',
    needs: ['record'],
    owns: ['record'],
    fix: { text: 'Finish it.', command: 'chp tenant apply TENANT' },
    judge: ({ record: { phase } }, { tenant }) =>
      phase === 'ready'
        ? 'ready'
        : fail(`it is ${phase}`, phase === 'destroying' ? { fix: { command: `chp tenant destroy ${tenant}` } } : {}),
  }),
  check({
    id: 'tenant.document',
    group: 'tenant',
    title: 'tenant.yaml',
    means: 'The recorded document does not match the schema of this chp.',
    needs: ['document'],
    owns: ['document'],
    fix: {
      text: 'Mend it and apply it.',
      command: 'chp tenant export TENANT > tenant.yaml; chp tenant apply TENANT -f tenant.yaml',
    },
    judge: ({ document: { fault } }) => (fault === null ? 'matches its schema' : fail(fault)),
  }),
  check({
    id: 'tenant.last-job',
    group: 'tenant',
    title: 'Last change',
    means: 'The last change to it failed.',
    needs: ['lastJob'],
    owns: ['lastJob'],
    fix: { text: 'Read why, then run it again.', command: 'chp tenant apply TENANT' },
    judge: ({ lastJob }) => {
      if (!lastJob) return skipped('there was none');
      const { kind, state, startedAt, error } = lastJob;
      return state === 'failed'
        ? warn(`${kind} failed at ${startedAt}: ${error ?? 'no reason given'}`)
        : `${kind}, ${state}`;
    },
  }),
  check({
    id: 'tenant.generation',
    group: 'tenant',
    title: 'What is recorded runs',
    means:
      'The host runs another generation than the registry has recorded: a change was cut, or came from another registry.',
    needs: ['record', 'installation'],
    fix: { text: 'Converge it.', command: 'chp tenant apply TENANT' },
    judge: ({ record: { generation }, installation: { current } }) =>
      generation === current
        ? (current?.slice(0, 12) ?? 'nothing')
        : fail(`recorded ${short(generation)}, the host has ${short(current)}`),
  }),
];

const short = (digest: string | null): string => digest?.slice(0, 12) ?? 'nothing';

export const SECRETS = [
  check({
    id: 'secrets.set',
    group: 'secrets',
    title: 'All are set',
    means: 'tenant.yaml refers to a secret that nobody gave.',
    needs: ['storedSecrets'],
    owns: ['storedSecrets'],
    fix: { text: 'Give it; it is read from standard input.', command: 'chp secret set TENANT OF' },
    judge: ({ storedSecrets: { kept, missing } }) =>
      missing.length === 0 ? `${kept.length} are` : missing.map((name) => fail('was never set', { of: name })),
  }),
  check({
    id: 'secrets.recipient',
    group: 'secrets',
    title: 'Encrypted to this hub',
    means: 'A secret is encrypted to an identity that the hub no longer has.',
    needs: ['storedSecrets', 'record'],
    fix: { text: 'Give it anew.', command: 'chp secret set TENANT OF' },
    judge: ({ storedSecrets: { kept }, record: { recipient } }) => {
      const other = kept.filter((secret) => secret.recipient !== recipient);
      return other.length === 0
        ? `${kept.length} are`
        : other.map(({ name }) => fail('is encrypted to another recipient', { of: name }));
    },
  }),
  check({
    id: 'secrets.age',
    group: 'secrets',
    title: 'Rotation',
    means: `A secret was not changed for more than ${OLD_DAYS} days.`,
    needs: ['storedSecrets'],
    fix: { text: 'Replace it where it comes from, then here.', command: 'chp secret rotate TENANT OF' },
    judge: ({ storedSecrets: { kept } }, { now }) => {
      const days = (iso: string): number => Math.floor((now.getTime() - Date.parse(iso)) / DAY_MS);
      // With another one the histories of runs could no longer be read.
      const old = kept.filter(({ name, updatedAt }) => name !== 'CHP_PAYLOAD_KEY' && days(updatedAt) > OLD_DAYS);
      return old.length === 0
        ? `none is older than ${OLD_DAYS} days`
        : old.map(({ name, updatedAt }) => warn(`${days(updatedAt)} days old`, { of: name }));
    },
  }),
  check({
    id: 'secrets.host',
    group: 'secrets',
    title: 'Reach their services',
    means:
      'The hub can’t decrypt a secret, or it does not lie where its service reads it: the service will not start again.',
    needs: ['secrets'],
    owns: ['secrets'],
    fix: { text: 'Put it there again.', command: 'chp tenant apply TENANT' },
    judge: ({ secrets }, { tenant }) => {
      const bad = secrets.filter(({ fault, installed }) => fault !== null || !installed);
      if (bad.length === 0) return `${secrets.length} do`;
      return bad.map(({ name, fault }) =>
        fault === null
          ? fail('does not lie where its service reads it', { of: name })
          : fail(fault, { of: name, fix: { text: 'Give it anew.', command: `chp secret set ${tenant} ${name}` } }),
      );
    },
  }),
  check({
    id: 'certificates.valid',
    group: 'certificates',
    title: 'Validity',
    means: `A certificate among the secrets expired, or does within ${SOON_DAYS} days.`,
    needs: ['secrets'],
    fix: { text: 'Get a new one, and set it.', command: 'chp secret set TENANT OF' },
    judge: ({ secrets }, { now }) => {
      const all = secrets.flatMap(({ name, certificates }) => certificates.map((one) => ({ name, ...one })));
      if (all.length === 0) return skipped('no secret holds one');
      return all.map(({ name, subject, validTo }) => {
        const days = Math.floor((Date.parse(validTo) - now.getTime()) / DAY_MS);
        if (days < 0) return fail(`${subject} expired at ${validTo}`, { of: name });
        if (days < SOON_DAYS) return warn(`${subject} expires at ${validTo}`, { of: name });
        return { verdict: 'pass', detail: `${subject}, until ${validTo}`, of: name };
      });
    },
  }),
];

export const IDENTITY = [
  check({
    id: 'certificates.identity',
    group: 'certificates',
    title: 'Of its identity',
    means: 'The tenant’s own certificates lie encrypted in the Pulumi state; nothing on a hub uses them yet.',
    needs: [],
    fix: { text: 'Nothing is to be done.' },
    judge: () => skipped('they lie encrypted in the Pulumi state, and nothing uses them yet'),
  }),
];

export const PULUMI = [
  check({
    id: 'pulumi.pending',
    group: 'pulumi',
    title: 'Operations that never ended',
    means: 'A run was killed while the engine worked: the state does not know how that ended.',
    needs: ['pulumiState'],
    owns: ['pulumiState'],
    fix: {
      text: 'The next apply clears it and does it again.',
      command: 'chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ pulumiState: { present, pending } }) => {
      if (!present) return fail('there is no state of this tenant');
      return pending.length === 0
        ? 'none'
        : fail(pending.map(({ type, resource }) => `${type} ${resource}`).join('; '));
    },
  }),
  check({
    id: 'pulumi.locks',
    group: 'pulumi',
    title: 'Locks',
    means: 'A lock lies on the state for a long time: whoever has it works, or died on another machine.',
    needs: ['pulumiState'],
    fix: {
      text: 'A lock of a dead run on this machine goes by itself with the next apply.',
      command: 'chp tenant apply TENANT',
    },
    judge: ({ pulumiState: { locks } }) => {
      const old = locks.filter(({ ageS }) => ageS > LOCK_OLD_S);
      if (old.length > 0)
        return warn(old.map(({ file, ageS }) => `${file} is ${Math.round(ageS / 60)} minutes old`).join('; '));
      return locks.length === 0 ? 'none' : 'a run has it now';
    },
  }),
  check({
    id: 'pulumi.drift',
    group: 'pulumi',
    title: 'Identity and base as declared',
    means:
      'The host’s base, or the identity, is not as the document says. Looked at with --drift only: it takes seconds.',
    needs: ['plan'],
    owns: ['plan'],
    fix: { text: 'See all of it, then converge it.', command: 'chp tenant plan TENANT', automatic: 'apply' },
    judge: ({ plan: { infrastructure } }) =>
      infrastructure.length === 0
        ? 'nothing to change'
        : warn(infrastructure.map(({ op, resource, paths }) => `${op} ${resource}: ${paths.join(', ')}`).join('; ')),
  }),
];
