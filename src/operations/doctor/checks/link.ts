import { check, type Finding, fail, type Subject, skipped, warn } from '../check.ts';
import { fixFrom } from '../examine.ts';
import { LINK_STAGES, type LinkReading } from '../tenant-readings.ts';

/** The stages before the one where it ends are well, those after it were never come to. */
const at =
  (stage: (typeof LINK_STAGES)[number], well: string) =>
  ({ link }: { link: LinkReading }, _: Subject): Finding => {
    if (link.failedAt === null) return stage === 'reach' ? `${link.host}, agent in ${link.ms} ms` : well;
    const [is, ends] = [LINK_STAGES.indexOf(stage), LINK_STAGES.indexOf(link.failedAt)];
    if (is < ends) return well;
    if (is > ends) return skipped(`${link.host} could not be asked`);
    return fail(link.why, { fix: fixFrom(link.next) });
  };

export const LINK = [
  check({
    id: 'ssh.reach',
    group: 'ssh',
    title: 'Host can be reached',
    means: 'No connection to the host: it is off, its address changed, sshd does not run, or a firewall is in between.',
    needs: ['link'],
    owns: ['link'],
    fix: { text: 'Try by hand; look whether the host is on.', command: 'chp ssh TENANT' },
    judge: at('reach', 'it can'),
  }),
  check({
    id: 'ssh.host-key',
    group: 'ssh',
    title: 'Host key is the pinned one',
    means: 'The host shows another key than before: it was installed anew, or somebody listens in.',
    needs: ['link'],
    owns: ['link'],
    fix: { text: 'Compare the fingerprint at the host itself before anything is trusted.', command: 'chp ssh TENANT' },
    judge: at('host-key', 'it is'),
  }),
  check({
    id: 'ssh.login',
    group: 'ssh',
    title: 'Login',
    means: 'The host refuses every key that this machine offers.',
    needs: ['link'],
    owns: ['link'],
    fix: { text: 'Put the public key back into ~/.ssh/authorized_keys at the host.' },
    judge: at('login', 'by key'),
  }),
  check({
    id: 'ssh.root',
    group: 'ssh',
    title: 'Root',
    means: 'The login user may not use sudo (any more): chp can’t see or mend what is root’s.',
    needs: ['link'],
    owns: ['link'],
    fix: { text: 'Give the login user sudo without a password.' },
    judge: at('root', 'the agent may do what it must'),
  }),
  check({
    id: 'agent.answers',
    group: 'agent',
    title: 'Answers',
    means: 'The host agent is missing, damaged, or of a chp that did not know this question.',
    needs: ['link'],
    owns: ['link'],
    fix: { text: 'Apply puts it there.', command: 'chp tenant apply TENANT' },
    judge: (readings, subject) => {
      const found = at('agent', 'in its protocol')(readings, subject);
      // Whatever it said of itself: what mends it is known.
      if (typeof found === 'string' || found.verdict !== 'fail') return found;
      return fail(found.detail, {
        fix: { text: 'Apply puts it there anew.', command: `chp tenant apply ${subject.tenant}` },
      });
    },
  }),
  check({
    id: 'agent.version',
    group: 'agent',
    title: 'Is the one of this chp',
    means: 'The host has another host agent than this chp would put there.',
    needs: ['installation', 'ownAgent'],
    owns: ['ownAgent'],
    fix: {
      text: 'Apply brings it up to date, or upgrade this chp.',
      command: 'chp tenant apply TENANT',
      automatic: 'apply',
    },
    judge: ({ installation: { agentDigest, node }, ownAgent: { digest } }) =>
      agentDigest === digest
        ? `${digest.slice(0, 12)}, Node.js ${node}`
        : warn(`the host has ${agentDigest.slice(0, 12)}, this chp is ${digest.slice(0, 12)}`),
  }),
];
